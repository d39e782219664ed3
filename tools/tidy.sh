#!/usr/bin/env bash
# Runs clang-tidy, with .clang-tidy, over the sources of the build release, or over the given ones alone. Warnings are errors.
#   tools/tidy.sh [--analyzer] [FILE.cpp...]
# With --analyzer it runs clang's static analyzer instead, which takes three times as long.
# clang-tidy is of one version, from PyPI (build/clang-tidy): Debian's older one reads all of the system's headers, in five
# times the time, and what one version finds another does not.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=clang-tidy==23.1.4
folder=build/clang-tidy
# Not the analyzer's: scales are tried in steps of a tenth; cache lines are kept apart, and fields stand in the order that
# explains them; it stumbles over the loop of Google Benchmark, and the compiler's warnings find unused values.
analyzer='-*,clang-analyzer-*,-clang-analyzer-security.FloatLoopCounter,-clang-analyzer-optin.performance.Padding'
analyzer+=',-clang-analyzer-deadcode.DeadStores'

export checks=''
if [[ ${1:-} == --analyzer ]]; then
  checks=--checks=$analyzer
  shift
fi
if [[ $(cat "$folder/made" 2>/dev/null) != "$wanted" ]]; then
  rm -rf "$folder"
  python3 -m pip install --quiet --disable-pip-version-check --target "$folder" "$wanted" 2> >(grep -v "as the .root. user" >&2)
  echo "$wanted" >"$folder/made"
fi
export tidy=$folder/clang_tidy/data/bin/clang-tidy

if [[ $# == 0 ]]; then
  mapfile -t files < <(tools/sources.sh | grep '\.cpp$')
  set -- "${files[@]}"
fi
# Only files that the build compiles have flags to be read with.
mapfile -t built < <(for file in "$@"; do
  ! grep -qF "\"file\": \"$PWD/$file\"" build/release/compile_commands.json || echo "$file"
done)

check() {  # check FILE. The compiler is g++: clang does not know all its warnings, and finds libstdc++ out of date.
  local status=0
  timeout 300 "$tidy" -p build/release --quiet --warnings-as-errors='*' ${checks:+"$checks"} \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-deprecated-declarations "$1" \
    2> >(grep -vE '^[0-9]+ warnings? (generated|treated as)|^Suppressed|^Use -header' >&2) || status=$?
  [[ $status != 124 ]] || echo "$1: not read within 300 seconds"
  [[ $status == 0 ]] || return 1
  echo "$1" >>"$log"
}
export -f check
log=$(mktemp)
export log
trap 'rm -f "$log"' EXIT
status=0
printf '%s\n' "${built[@]}" | xargs -r -P "$(nproc)" -I{} bash -c 'check "$1"' _ {} || status=1
echo "clang-tidy: $(wc -l <"$log") of ${#built[@]} files are clean"
exit $status
