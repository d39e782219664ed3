# What the tests of the program share. JET is the program; each test works in an empty folder that goes at the end.
set -euo pipefail
: "${JET:?is the path of the program}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
data=$here/../data
shared=$here/../../../shared
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

skip() { echo "SKIPPED: $*"; exit 77; }
failed() { echo "FAILED: $*" >&2; exit 1; }

# For tests of numbers that take minutes of computing: instrumented they would take an hour.
sanitized() { grep -qE '__(asan|tsan|ubsan)_' "$JET"; }
needs_speed() { ! sanitized || skip "too slow under sanitizers"; }

# expect CODE COMMAND...: runs it with its output in ./out and ./err.
expect() {
  local wanted=$1 code=0
  shift
  "$@" >out 2>err || code=$?
  [[ $code == "$wanted" ]] || failed "exit code $code, expected $wanted: $*: $(cat err)"
}

# One line on standard error that holds each of the texts, and nothing on standard output.
one_line() {
  [[ $(wc -l <err) == 1 ]] || failed "expected one line on standard error: $(cat err)"
  [[ ! -s out ]] || failed "expected nothing on standard output: $(head -c 200 out)"
  local text
  for text in "jet: " "$@"; do grep -qF -- "$text" err || failed "no \"$text\" in: $(cat err)"; done
}

# usage MESSAGE ARGUMENTS...: exit code 2 and one line.
usage() {
  local text=$1
  shift
  expect 2 "$JET" "$@" </dev/null
  one_line "$text" "see \`jet help"
}

# error TEXT ARGUMENTS...: exit code 1 and one line.
error() {
  local text=$1
  shift
  expect 1 "$JET" "$@" </dev/null
  one_line "$text"
}

# json FILE EXPRESSION: Python's value of the expression, with `it` the object of the file.
json() { python3 -c 'import json, sys; it = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }

same() { [[ $1 == "$2" ]] || failed "expected \"$2\", got \"$1\"${3:+: $3}"; }
