#!/usr/bin/env bash
# Fails when an #include runs up the layers of layers.txt, when a header of the public interface needs more than the standard
# library, or when LibTorch or CUDA show up outside the files that may know them.
#   check.sh ROOT
set -euo pipefail
table=$(dirname "$(realpath "$0")")/layers.txt
cd "$1"

# Files outside the layers answer to no table: what tests, explains, or builds.
find . \( -name '.?*' -o -path './build*' -o -path ./tests -o -path ./tools -o -path ./docs -o -path ./examples \) -prune -o \
  -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) -print | sed 's|^\./||' | sort |
  awk -v table="$table" '
  function trim(s) { gsub(/^ +| +$/, "", s); return s }
  function complain(what) { print "error: " what > "/dev/stderr"; bad++ }
  # The layer of a path from the root; "" for a path that starts with none.
  function layer_of(path,  parts) {
    if (path ~ /^(include\/)?jet\//) return "include/jet"
    split(path, parts, "/")
    return parts[1] in allowed && path ~ /\// ? parts[1] : ""
  }

  function check(where, file, layer, header, system_header,  target) {
    if (header ~ /^\.\.?\// ) return complain(where ": write \"" header "\" from the root")
    target = layer_of(header)
    if (target != "" && target != layer && index(allowed[layer], " " target " ") == 0)
      complain(where ": " layer " must not include " target " (" header ")")
    if (layer == "include/jet" && target != layer && !(system_header && header ~ /^[a-z_0-9]+$/))
      complain(where ": the public interface includes the standard library alone, not " header)
    if (header ~ /^(torch|ATen|c10)\// && file !~ /^(train|search)\// && file !~ /\/(autograd|module)\.(h|cpp)$/)
      complain(where ": LibTorch is for train, search, autograd.{h,cpp} and module.{h,cpp} (" header ")")
    if (header ~ /(^|\/)(autograd|module)\.h$/ && file !~ /^(train|search)\// && file !~ /\/(autograd|module)\.(h|cpp)$/)
      complain(where ": no inference file includes " header)
    if (header ~ /^(cuda|cublas|cudnn|nccl|cub\/|thrust\/|cooperative_groups|mma\.h)/ && file !~ /\.cuh?$/)
      complain(where ": CUDA is for *.cu and *.cuh (" header ")")
  }

  BEGIN {
    while ((getline line < table) > 0) {
      if (line ~ /^ *(#|$)/) continue
      split(line, cell, "|")
      folder = trim(cell[1])
      count = split(trim(cell[3]), below, / +/)
      for (i = 1; i <= count; i++)
        if (!(below[i] in allowed)) complain("layers.txt: " folder " may include " below[i] ", which is not below it")
      allowed[folder] = " " trim(cell[3]) " "
    }
  }
  {
    file = $0
    layer = layer_of(file)
    if (layer == "") { complain(file ": this folder is not in tests/layers/layers.txt"); next }
    number = 0
    while ((getline line < file) > 0) {
      number++
      if (match(line, /^[ \t]*#[ \t]*include[ \t]*["<][^">]+/)) {
        header = substr(line, 1, RLENGTH)
        system_header = header ~ /</
        sub(/^[^"<]*["<]/, "", header)
        check(file ":" number, file, layer, header, system_header)
        includes++
      }
    }
    close(file)
  }
  END {
    if (NR == 0) complain("no sources under this root")
    if (bad) exit 1
    print NR " files, " includes + 0 " includes, none runs up"
  }'
