#!/usr/bin/env bash
# Runs the tests of the CUDA back end, and those of its ops under compute-sanitizer's memcheck. Without a GPU all are SKIPPED.
#   tools/gpu_test.sh FOLDER    # that holds gpu_test and libjet_cuda.so
set -euo pipefail
program=$1/gpu_test
"$program"
if ! nvidia-smi >/dev/null 2>&1; then
  echo "SKIPPED: there is no GPU, so nothing of CUDA was tested"
elif ! command -v compute-sanitizer >/dev/null; then
  echo "SKIPPED: compute-sanitizer is not installed"
else
  compute-sanitizer --tool memcheck --error-exitcode 1 "$program" --gtest_filter='OpsOnGpu.*'
fi
