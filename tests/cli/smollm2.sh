# The small model, run as a person runs it: text, tokens, chat, perplexity's form.
source "$(dirname "$0")/lib.bash"
model=${JET_SMOLLM2:-}
[[ -e $model ]] || skip "the small model is not here: tools/fetch_model.py brings it"

# Tokens, without weights.
expect 0 "$JET" tokenize --model "$model" --ids "The capital of France is"
same "$(cat out)" "504 3575 282 4649 314"
expect 0 "$JET" tokenize --model "$model" --decode "504 3575 282 4649 314"
same "$(cat out)" "The capital of France is"
expect 0 "$JET" tokenize --model "$model" --ids "<|im_end|>"
same "$(cat out)" 2
expect 0 "$JET" tokenize --model "$model" --ids --no-special "<|im_end|>"
[[ $(wc -w <out) -gt 1 ]] || failed "a special token in spite of --no-special: $(cat out)"
printf 'a\xff' >bad
expect 1 "$JET" tokenize --model "$model" - <bad
one_line 'byte'
printf 'Hello' | expect 0 "$JET" tokenize --model "$model" --json
same "$(json out "it['tokens']")" "['Hello']"

# Greedy text, as Hugging Face gives it; the prompt from each place.
expect 0 "$JET" generate --model "$model" --dtype f32 --prompt "The capital of France is" --temperature 0 --max-tokens 8
same "$(cat out)" " Paris.

The answer is:"
expect 0 "$JET" generate --model "$model" --prompt - --temperature 0 --max-tokens 3 --json < <(printf 'The capital of France is')
same "$(json out "it['text'], it['ids'], it['prompt_tokens'], it['completion_tokens'], it['finish_reason']")" \
  "(' Paris.\\n', [7042, 30, 198], 5, 3, 'length')"
expect 0 "$JET" generate --model "$model" --temperature 0 --stop "The" --json < <(printf 'The capital of France is')
same "$(json out "it['text'], it['finish_reason']")" "(' Paris.\\n\\n', 'stop')"
error 'the prompt is empty' generate --model "$model" --prompt ""
error 'context' generate --model "$model" --prompt "one two three four five" --context-length 2

# A seed means a text.
for run in 1 2; do
  expect 0 "$JET" generate --model "$model" --prompt "Once" --temperature 1 --seed 5 --max-tokens 12 --json
  json out "it['ids'], it['seed']" >"seed-$run"
done
cmp seed-1 seed-2 || failed "one seed, two texts"

# Ctrl-C: what there is, and 130. A closed reader: a quiet end.
"$JET" generate --model "$model" --prompt "Count: 1, 2, 3" --temperature 0 --max-tokens 8000 >stopped 2>err &
pid=$!
until [[ -s stopped ]]; do kill -0 $pid || failed "ended early: $(cat err)"; done
kill -INT $pid
code=0
wait $pid || code=$?
same $code 130 "$(cat err)"
"$JET" generate --model "$model" --prompt "Count: 1, 2, 3" --temperature 0 --max-tokens 8000 2>err | head -c 1 >first
[[ ! -s err ]] || failed "a closed output is not quiet: $(cat err)"

# A conversion that is stopped leaves nothing; one that was faster than the signal is whole.
"$JET" convert "$model" stopped-model --dtype f32 2>err &
pid=$!
until [[ -e .stopped-model.partial ]] || ! kill -0 $pid 2>/dev/null; do :; done
kill -TERM $pid 2>/dev/null || true
code=0
wait $pid || code=$?
if [[ $code == 130 ]]; then
  [[ ! -e stopped-model && ! -e .stopped-model.partial ]] || failed "a stopped conversion left files: $(ls -A)"
else
  same $code 0 "$(cat err)"
  [[ -e stopped-model/config.json ]] || failed "no model"
fi

# What `make demo` asks.
echo "What is a recurrent neural network? Answer in two sentences." |
  expect 0 "$JET" chat --model "$model" --max-tokens 40
grep -q "is a type of .* network" out || failed "not an answer: $(cat out)"

# Chat: the state is kept, the second turn computes its own tokens alone.
printf 'My name is Ada.\nWhat is my name?\n/reset\nHello.\n/exit\nnot read\n' |
  expect 0 "$JET" chat --model "$model" --temperature 0 --max-tokens 24 --json
same "$(wc -l <out)" 3
python3 - <<'P' || failed "turns: $(cat out)"
import json
first, second, third = map(json.loads, open("out"))
assert first["cached_tokens"] == 0 and third["cached_tokens"] == 0
# All that was consumed: the first prompt, and the answer but for its last token.
assert second["cached_tokens"] == first["prompt_tokens"] + first["completion_tokens"] - 1
assert second["prompt_tokens"] > second["cached_tokens"]
P
# The second answer is that of the whole dialogue computed from nothing, after an answer that was cut (of which one
# token was not consumed) and after one that ended by itself.
for limit in 6 60; do
  printf 'Say hello.\nSay goodbye.\n' |
    expect 0 "$JET" chat --model "$model" --system "You are brief." --temperature 0 --max-tokens $limit --json
  cp out turns
  python3 - >dialogue <<'P'
import json
first = json.loads(open("turns").readline())
turns = [("system", "You are brief."), ("user", "Say hello."), ("assistant", first["text"]), ("user", "Say goodbye.")]
print("".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns) + "<|im_start|>assistant\n", end="")
P
  expect 0 "$JET" generate --model "$model" --prompt - --temperature 0 --max-tokens $limit --json <dialogue
  same "$(json out "it['ids']")" "$(python3 -c 'import json; print(json.loads(list(open("turns"))[1])["ids"])')" "limit $limit"
  same "$(json out "it['prompt_tokens']")" "$(python3 -c 'import json; print(json.loads(list(open("turns"))[1])["prompt_tokens"])')"
  python3 -c 'import json; print(json.loads(open("turns").readline())["finish_reason"])' >>reasons
done
same "$(tr '\n' ' ' <reasons)" "length stop "
printf 'Tell me a long story.\nMore.\n' |
  expect 1 "$JET" chat --model "$model" --temperature 0 --context-length 64
grep -q 'context' err || failed "$(cat err)"

# Block formats need --dtype to become a directory, which then runs.
error 'add --dtype' convert "$model" directory
[[ ! -e directory ]] || failed "a refused conversion left something"
expect 0 "$JET" convert "$model" directory --dtype f16
expect 0 "$JET" generate --model directory --prompt "The capital of France is" --temperature 0 --max-tokens 3
same "$(cat out)" " Paris."
