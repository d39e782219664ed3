#!/usr/bin/env bash
# Builds the libFuzzer programs and runs each, as many at a time as there are cores: from the seeds in tests/fuzz/corpus and
# what earlier runs left in build/PRESET/corpus. Fails when an input breaks one; it lies in build/PRESET/broken-*.
#   tools/fuzz.sh PRESET -max_total_time=SECONDS | -runs=N | -seed=N...   (PRESET: fuzz, or asan-ubsan for what it has built)
set -euo pipefail
cd "$(dirname "$0")/.."
export preset=$1
shift
export limits=$*
tools/step.sh "configure-$preset" cmake --preset "$preset"
tools/step.sh "build-$preset" cmake --build --preset "$preset" --target jet_fuzzers

# One target. No parser needs 64 MB at once for inputs this small.
fuzz() {
  local name=$1 corpus=build/$preset/corpus/$1
  mkdir -p "$corpus"
  tools/step.sh "$name" "build/$preset/$name" $limits -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=64 -print_final_stats=1 \
    -artifact_prefix="build/$preset/broken-" "$corpus" "tests/fuzz/corpus/$name"
  sed -n 's/^stat::number_of_executed_units: */  inputs: /p' "build/logs/$name.log"
}
export -f fuzz
targets() { ls tests/fuzz/corpus; }
targets | xargs -P "$(nproc)" -I{} bash -euo pipefail -c 'fuzz {}'
