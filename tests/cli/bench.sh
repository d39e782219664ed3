# jet bench: one line a case with every figure, from a prefill and from synthetic states.
source "$(dirname "$0")/lib.bash"

expect 0 "$JET" bench --model "$data/tiny-tied" --prompt-length 20,40 --batch 1 2 --decode 4 --json
python3 - <<'P' || failed "$(cat out)"
import json
cases = [json.loads(line) for line in open("out")]
assert [(c["batch"], c["prompt_length"]) for c in cases] == [(1, 20), (1, 40), (2, 20), (2, 40)], cases
for c in cases:
    assert c["prefill_tokens_per_second"] > 0 and c["decode_tokens_per_second"] > 0
    assert 0 < c["step_ms"]["p50"] <= c["step_ms"]["p95"] <= c["step_ms"]["p99"]
    assert c["decode"] == 4 and c["context"] == c["prompt_length"] and c["bandwidth_share"] > 0
    assert 0 < c["prefill_product_share"] < 1  # the file is of floats
assert cases[1]["memory_bytes"] < cases[3]["memory_bytes"]
# One sequence more moves its states: JetBlocks twice (2 x 24 x 64 and 3 x 128 numbers in 4 layers), rows of
# attention (42, and 12 of the window, one new each; k and v, 2 heads of 16), in float32.
states = 4 * (2 * 4 * (2 * 24 * 64 + 3 * 128) + (43 + 13) * 2 * 2 * 16)
assert cases[3]["bytes_per_step"] - cases[1]["bytes_per_step"] == states, cases
P
expect 0 "$JET" bench --model "$data/tiny-tied" --context 100 --synthetic-state --decode 3 --kv-dtype bf16 --json
same "$(json out "it['prefill_tokens_per_second'], it['context'], it['prompt_length']")" "(None, 100, 0)"
expect 0 "$JET" bench --model "$data/tiny-untied" --context 30 --decode 0
same "$(wc -l <out)" 2

# 1 % of the free memory, at 20,000 tokens of context: as many sequences as fit.
expect 0 "$JET" bench --model "$data/tiny-tied" --context 20000 --synthetic-state --decode 2 --json \
  --largest-batch --memory-fraction 0.01
python3 - <<'P' || failed "$(cat out)"
import json
case = json.loads(open("out").read())
assert case["batch"] >= 1 and case["context"] == 20000, case
free = next(int(line.split()[1]) * 1024 for line in open("/proc/meminfo") if line.startswith("MemAvailable"))
assert case["memory_bytes"] < 0.02 * free, (case, free)
P
# What does not fit is refused before anything of it is taken, or runs.
error '1 sequence of 1073741857 tokens: needs 274.9 GB, of the free memory ' bench --model "$data/tiny-tied" --context 20,1073741824 \
  --synthetic-state --memory-fraction 0.01
error '1048576 sequences of 1073741857 tokens: needs ' bench --model "$data/tiny-tied" --prompt-length 1073741824 --batch 1048576
usage "leave --batch out" bench --model "$data/tiny-tied" --largest-batch --batch 2
expect 1 "$JET" bench --model "$data/tiny-tied" --context 40 --decode 2 --kv-dtype q8_0
grep -qF "a row of 16 numbers is not a whole number of q8_0 blocks of 32" err || failed "$(cat err)"
