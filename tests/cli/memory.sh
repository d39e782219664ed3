# Generating takes no more memory than the weights, the state and 64 MB: the file's pages go as they are packed.
source "$(dirname "$0")/lib.bash"
[[ -f "$JET_SMOLLM2" ]] || exit 77
if grep -qaE '__(asan|tsan)_' "$JET"; then exit 77; fi # instrumented programs take several times as much

python3 - "$JET" "$JET_SMOLLM2" <<'END'
import json, os, subprocess, sys
jet, model = sys.argv[1:]
bench = [jet, "bench", "--model", model, "--context", "0", "--decode", "1", "--json"]
held = json.loads(subprocess.run(bench, check=True, capture_output=True).stdout)["memory_bytes"]  # weights and state
generate = subprocess.Popen([jet, "generate", "--model", model, "--prompt", "Hi", "--max-tokens", "8"], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(generate.pid, 0)
peak = usage.ru_maxrss * 1024
assert status == 0, status
assert peak <= held + 64e6, f"{peak} bytes at the most, expected at most 64 MB beside the {held} of weights and state"
END
