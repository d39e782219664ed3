#!/usr/bin/env bash
# The long runs, about two hours on two cores: the server under load and faults for ten minutes in each of three builds,
# N inputs for each fuzzer, the static analyzer.
#   tools/soak.sh [N]   (default: 1500000)
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh build fuzz

# ThreadSanitizer of g++ 12 cannot live with much address space randomisation: without it where that is allowed.
plain=()
if setarch "$(uname -m)" -R true 2>/dev/null; then plain=(setarch "$(uname -m)" -R); fi
for preset in release asan-ubsan tsan; do
  tools/step.sh "configure-$preset" cmake --preset "$preset"
  tools/step.sh "build-$preset" cmake --build --preset "$preset" --target jet
  JET_SOAK_SECONDS=600 "${plain[@]}" ctest --preset "$preset" -R cli:serve_soak
done
tools/fuzz.sh asan-ubsan -runs="${1:-1500000}"
tools/tidy.sh --analyzer
