#!/usr/bin/env bash
# Runs one step of a target and says how long it took. Its output goes to build/logs/NAME.log, whose end is shown when the
# step fails; with --show it goes to the screen.
#   tools/step.sh [--show] NAME COMMAND...
set -euo pipefail
show=
[[ $1 == --show ]] && show=yes && shift
name=$1
shift
log=build/logs/$name.log
mkdir -p build/logs
begin=$(date +%s%N)
status=0
if [[ $show ]]; then "$@" || status=$?; else "$@" >"$log" 2>&1 </dev/null || status=$?; fi
ms=$((($(date +%s%N) - begin) / 1000000))
if [[ $status != 0 && ! $show ]]; then tail -n 60 "$log" >&2; fi
printf '%-10s %5d.%d s%s\n' "$name" $((ms / 1000)) $((ms % 1000 / 100)) "$([[ $status == 0 ]] || echo "  FAILED ($*)")"
exit $status
