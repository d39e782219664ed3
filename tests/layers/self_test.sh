#!/usr/bin/env bash
# check.sh must accept a tree in order and refuse each kind of offence, naming file and line.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

# expect MESSAGE FILE LINE: in a tree whose FILE holds LINE the check says MESSAGE ("" when it must pass).
expect() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/include/jet" "$tree/core" "$tree/$(dirname "$2")"
  echo '#include <vector>' >"$tree/include/jet/error.h"
  echo '#include "jet/error.h"' >"$tree/core/tensor.h"
  printf '// A file.\n%s\n' "$3" >"$tree/$2"
  local said status=0
  said=$("$here/check.sh" "$tree" 2>&1) || status=$?
  if [[ -z $1 && $status != 0 ]] || [[ -n $1 && ($status == 0 || $said != *"$2:2: $1"*) ]]; then
    echo "with '$3' in $2: expected '${1:-a pass}', got status $status: $said" >&2
    failed=1
  fi
}

expect '' ops/linear/cpu.cpp '#include "core/tensor.h"'
expect '' ops/linear/cpu.cpp '#include "linear.h"'
expect '' ops/linear/kernel.cu '#include <cuda_runtime.h>'
expect '' mixers/jet/module.cpp '#include <torch/torch.h>'
expect '' runtime/engine.h '#include <jet/error.h>'
expect '' tests/anything.cpp '#include "runtime/engine.h"'
expect 'core must not include ops' core/arena.cpp '#include "ops/weight.h"'
expect 'core must not include runtime' core/arena.cpp '  #  include <runtime/engine.h>'
expect 'ops must not include io' ops/linear/test.cpp '#include "io/gguf.h"'
expect 'io must not include text' io/gguf.h '#include "text/tokenizer.h"'
expect 'apps must not include ops' apps/jet/main.cpp '#include "ops/linear/linear.h"'
expect 'the public interface includes the standard library alone' include/jet/engine.h '#include <fmt/format.h>'
expect 'the public interface includes the standard library alone' include/jet/engine.h '#include "core/tensor.h"'
expect 'LibTorch is for' ops/linear/cpu.cpp '#include <torch/torch.h>'
expect 'no inference file includes' models/decoder.cpp '#include "mixers/jet/module.h"'
expect 'CUDA is for' runtime/engine.cpp '#include <cuda_runtime.h>'
expect 'write "../core/tensor.h" from the root' ops/weight.h '#include "../core/tensor.h"'

mkdir -p "$tree/plugins" && echo >"$tree/plugins/a.cpp"
if "$here/check.sh" "$tree" 2>/dev/null; then
  echo "a folder that the table does not name was accepted" >&2
  failed=1
fi
exit $failed
