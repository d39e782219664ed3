#!/usr/bin/env bash
# Installs a build into an empty prefix and builds and runs projects that know nothing but that prefix: consumer/ beside this
# file and, where it is there, examples/cpp (built only).
#   find_package.sh BUILD_FOLDER SOURCE_FOLDER CXX
set -euo pipefail
build=$1 source=$2 cxx=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >"$work/install.log"
"$work/prefix/bin/jet" --version

build_project() {  # build_project NAME FOLDER
  cmake -S "$2" -B "$work/$1" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$cxx" \
    -DCMAKE_PREFIX_PATH="$work/prefix"
  cmake --build "$work/$1"
}
build_project consumer "$source/tests/install/consumer"
"$work/consumer/consumer"
if [[ -e $source/examples/cpp/CMakeLists.txt ]]; then build_project examples "$source/examples/cpp"; fi

# An installed file that names the build or source folder works on this machine alone.
if grep -rlE "($source|$build)(/|\"|;|$)" "$work/prefix/include" "$work/prefix/lib"*/cmake; then
  echo "these installed files name the build tree" >&2
  exit 1
fi
