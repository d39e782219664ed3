#!/usr/bin/env bash
# Runs a fuzz program over its corpus in the repository; a corpus without files is a failure.
#   tests/fuzz/replay.sh PROGRAM
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/corpus"
files=("$(basename "$1")"/*)
[[ ${#files[@]} -gt 0 ]] || { echo "tests/fuzz/corpus/$(basename "$1") holds no files" >&2; exit 1; }
exec "$1" "${files[@]}"
