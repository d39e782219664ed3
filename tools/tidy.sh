#!/usr/bin/env bash
# Runs clang-tidy, with .clang-tidy, over the sources of the build release, or over the given ones alone. Warnings are errors.
#   tools/tidy.sh [--minutes N] [FILE.cpp...]
# With --minutes it begins no file after N minutes and says how many it has read; the commit decides where it begins.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=1000
if [[ ${1:-} == --minutes ]]; then
  minutes=$2
  shift 2
fi
if [[ $# == 0 ]]; then
  mapfile -t files < <(tools/sources.sh | grep '\.cpp$')
  first=$((0x$(git rev-parse --short=7 HEAD 2>/dev/null || echo 0) % ${#files[@]}))
  set -- "${files[@]:first}" "${files[@]:0:first}"
fi
# Only files that the build compiles have flags to be read with.
mapfile -t built < <(for file in "$@"; do
  ! grep -qF "\"file\": \"$PWD/$file\"" build/release/compile_commands.json || echo "$file"
done)

check() {  # check END FILE: nothing once the time is up. The compiler is g++: clang does not know all its warnings.
  (($(date +%s) < $1)) || return 0
  local status=0
  timeout 100 clang-tidy -p build/release --quiet --warnings-as-errors='*' --extra-arg=-Wno-unknown-warning-option "$2" \
    2> >(grep -vE '^[0-9]+ warnings? generated|^Suppressed|^Use -header' >&2) || status=$?
  case $status in
    0) echo "$2" >>"$log" ;;
    124) echo "$2: not read within 100 seconds" ;;
    *) return 1 ;;
  esac
}
export -f check
log=$(mktemp)
export log
trap 'rm -f "$log"' EXIT
status=0
printf '%s\n' "${built[@]}" |
  xargs -r -P "$(nproc)" -I{} bash -c 'check "$1" "$2"' _ $(($(date +%s) + minutes * 60)) {} || status=1
echo "clang-tidy: $(wc -l <"$log") of ${#built[@]} files are clean"
exit $status
