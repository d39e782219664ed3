#!/usr/bin/env bash
# Builds the libFuzzer programs and runs each for some seconds, from the corpus that earlier runs left. Stops at the first
# input that breaks one; it lies in build/fuzz/broken-*.
#   tools/fuzz.sh SECONDS
set -euo pipefail
cd "$(dirname "$0")/.."
tools/step.sh configure-fuzz cmake --preset fuzz
tools/step.sh build-fuzz cmake --build --preset fuzz
shopt -s nullglob
fuzzers=(build/fuzz/*_fuzz)
[[ ${#fuzzers[@]} -gt 0 ]] || { echo "error: no fuzzers were built" >&2; exit 1; }
for fuzzer in "${fuzzers[@]}"; do
  name=$(basename "$fuzzer")
  mkdir -p "build/fuzz/corpus/$name"
  tools/step.sh "$name" "$fuzzer" -max_total_time="$1" -timeout=20 -rss_limit_mb=2048 \
    -artifact_prefix=build/fuzz/broken- "build/fuzz/corpus/$name"
done
