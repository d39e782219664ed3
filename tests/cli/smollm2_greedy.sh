# Greedy continuations of the small model are those of Hugging Face in float32.
source "$(dirname "$0")/lib.bash"
needs_speed
model=${JET_SMOLLM2:-}
fixture=$data/smollm2/generation.json
[[ -e $model ]] || skip "the small model is not here: tools/fetch_model.py brings it"

cases=$(json "$fixture" 'len(it)')
for ((i = 0; i < cases; i++)); do
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[int(sys.argv[2])]["prompt"], end="")' "$fixture" $i >prompt
  length=$(json "$fixture" "len(it[$i]['greedy_ids'])")
  expect 0 "$JET" generate --model "$model" --dtype f32 --prompt - --temperature 0 --max-tokens "$length" --json <prompt
  same "$(json out "it['ids']")" "$(json "$fixture" "it[$i]['greedy_ids']")" "prompt $i"
done
