#!/usr/bin/env bash
# Brings what the Python package is built and tested with from PyPI to build/python-packages, and switches JET_PYTHON of a build
# folder on; where PyPI cannot be reached, off, and its tests are SKIPPED.
#   tools/python_packages.sh PRESET
set -euo pipefail
cd "$(dirname "$0")/.."
wanted="nanobind numpy pytest mypy ruff"
folder=build/python-packages
python=$(python3 -c 'import sys; print(sys.executable)')

has_all() { [[ $(cat "$folder/made" 2>/dev/null) == "$wanted $("$python" --version)" ]]; }
fetch() {
  rm -rf "$folder"
  # shellcheck disable=SC2086
  "$python" -m pip install --quiet --disable-pip-version-check --target "$folder" $wanted
  echo "$wanted $("$python" --version)" >"$folder/made"
}

if has_all || fetch; then
  cmake --preset "$1" -DJET_PYTHON=ON -DPython_EXECUTABLE="$python" -DJET_PYTHON_PACKAGES="$PWD/$folder"
else
  echo "the Python package is not built: PyPI does not give $wanted"
  cmake --preset "$1" -DJET_PYTHON=OFF
fi
