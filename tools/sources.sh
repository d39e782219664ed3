#!/usr/bin/env bash
# Lists the C++ sources of the repository, one a line.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files --cached --others --exclude-standard -- '*.h' '*.cpp' '*.cu' '*.cuh' | while read -r file; do
  [[ ! -e $file ]] || echo "$file"
done
