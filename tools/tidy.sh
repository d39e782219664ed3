#!/usr/bin/env bash
# Runs clang-tidy, with .clang-tidy, over the sources of the build release, or over the given ones alone. Warnings are errors.
#   tools/tidy.sh [FILE.cpp...]
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ $# == 0 ]]; then
  mapfile -t files < <(tools/sources.sh | grep '\.cpp$')
  set -- "${files[@]}"
fi
# Only files that the build compiles have flags to be read with.
for file in "$@"; do
  ! grep -qF "\"file\": \"$PWD/$file\"" build/release/compile_commands.json || echo "$file"
done | xargs -r -n 1 -P "$(nproc)" clang-tidy -p build/release --quiet --warnings-as-errors='*' 2> >(grep -vE '^[0-9]+ warnings? generated|^Suppressed|^Use -header' >&2)
