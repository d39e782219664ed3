#!/usr/bin/env bash
# Installs a build into an empty prefix and builds examples/cpp, which knows nothing but that prefix; runs it on a tiny model with random
# weights.
#   find_package.sh BUILD_FOLDER SOURCE_FOLDER CXX
set -euo pipefail
build=$1 source=$2 cxx=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" >"$work/install.log"
"$work/prefix/bin/jet" --version

cmake -S "$source/examples/cpp" -B "$work/example" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$work/prefix"
cmake --build "$work/example"
sed 's/"vocab_size": [0-9]*/"vocab_size": 512/' "$source/tests/data/tiny-tied/config.json" >"$work/config.json"
"$work/prefix/bin/jet" convert --random-init --config "$work/config.json" --seed 1 "$work/model"
cp "$source"/tests/data/tokenizer-512/tokenizer*.json "$work/model"
"$work/example/generate" "$work/model"

# An installed file that names the build or source folder works on this machine alone.
if grep -rlE "($source|$build)(/|\"|;|$)" "$work/prefix/include" "$work"/prefix/lib*/cmake "$work"/prefix/lib/*/cmake 2>/dev/null; then
  echo "these installed files name the build tree" >&2
  exit 1
fi
