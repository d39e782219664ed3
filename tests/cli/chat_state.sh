# A conversation's state: kept after Ctrl-C, saved, and gone on with in another process.
source "$(dirname "$0")/lib.bash"

sed 's/"vocab_size": 211/"vocab_size": 512/; s/"max_position_embeddings": 512/"max_position_embeddings": 1000000/' \
  "$data/tiny-tied/config.json" >config.json
expect 0 "$JET" convert --random-init --config config.json --tokenizer "$data/tokenizer-512" model
printf '{%% for m in messages %%}<{{ m.role }}>{{ m.content }};{%% endfor %%}<assistant>' >model/chat_template.jinja
chat=("$JET" chat --model model --temperature 0 --min-tokens 20 --max-tokens 20 --json)

# Three turns in one process are three turns in three.
printf 'One.\nTwo.\nThree.\n' | expect 0 "${chat[@]}"
cp out whole
printf 'One.\n' | expect 0 "${chat[@]}" --save talk.state
cp out parts
printf 'Two.\n/save talk.state\n' | expect 0 "${chat[@]}" --load talk.state
cat out >>parts
printf 'Three.\n' | expect 0 "${chat[@]}" --load talk.state
cat out >>parts
python3 - <<'P' || failed "$(cat whole parts)"
import json
whole, parts = ([json.loads(line) for line in open(name)] for name in ("whole", "parts"))
for key in "ids", "text", "prompt_tokens", "cached_tokens":
    assert [turn[key] for turn in whole] == [turn[key] for turn in parts], key
assert whole[2]["cached_tokens"] == whole[1]["prompt_tokens"] + 19
P

# What cannot be loaded is one line; what is there stays when saving fails.
error 'absent.state' chat --model model --load absent.state
head -c 5000 talk.state >cut.state
error 'cut.state' chat --model model --load cut.state
error 'attention f32' chat --model model --load talk.state --kv-dtype bf16
usage '--system' chat --model model --load talk.state --system Hi
error 'absent/talk.state: there is no directory absent' "${chat[@]:1}" --save absent/talk.state
error 'model: is a directory' "${chat[@]:1}" --save model
printf 'One.\n/save\nTwo.\n' | expect 1 "${chat[@]}"
grep -q 'jet: /save needs the name of a file' err || failed "$(cat err)"
same "$(wc -l <out)" 1
printf 'One.\nTwo.\n' | expect 1 "${chat[@]}" --context-length 64 --save full.state
grep -q 'context' err || failed "$(cat err)"
expect 0 "${chat[@]}" --load full.state </dev/null

# A message that fails was never said: what is saved goes on without it.
printf 'One.\n\xff\nTwo.\n' | expect 1 "${chat[@]}" --save bad_byte.state
printf 'One.\n%0200d\n' 0 | expect 1 "${chat[@]}" --context-length 64 --save too_long.state
for state in bad_byte too_long; do
  printf 'Two.\n' | expect 0 "${chat[@]}" --load $state.state
  python3 - <<'P' || failed "after $state: $(cat whole out)"
import json
second, turn = json.loads(open("whole").read().split("\n")[1]), json.loads(open("out").read())
assert all(turn[key] == second[key] for key in ("ids", "prompt_tokens", "cached_tokens"))
P
done

# On a terminal Ctrl-C stops the answer, and the next turn goes on from it; so it does after what fails.
python3 - "$JET" <<'P' || failed "Ctrl-C on a terminal"
import json, os, pty, select, sys, time
program = [sys.argv[1], "chat", "--model", "model", "--temperature", "0", "--json", "--min-tokens", "100000", "--max-tokens", "100000"]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(program[0], program)
text = b""

def until(condition):
    global text
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, text
        if select.select([terminal], [], [], 1)[0]:
            text += os.read(terminal, 65536)

def turns():
    lines = text.decode(errors="replace").split("\n")[:-1]  # the terminal shows ^C before the object
    return [json.loads(line[line.index("{"):]) for line in lines if '{"text"' in line]

until(lambda: b"> " in text)
for count in 1, 2:
    os.write(terminal, b"Say.\n")
    time.sleep(0.5)
    os.write(terminal, b"\x03")
    until(lambda: text.count(b"the conversation goes on") == count and len(turns()) == count)
    for line, problem in (b"/save /absent/x", b"jet: /absent/x"), (b"/save", b"jet: /save needs"), (b"\xff", b"UTF-8"):
        os.write(terminal, line + b"\n")
        until(lambda: text.count(problem) == count)
os.write(terminal, b"/exit\n")
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
first, second = turns()
assert first["finish_reason"] == second["finish_reason"] == "cancelled"
assert second["cached_tokens"] == first["prompt_tokens"] + max(first["completion_tokens"] - 1, 0), (first, second)
P
