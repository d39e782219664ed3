# Ctrl-C and SIGTERM: what there is is printed, nothing half-written stays, and the exit code is 128 plus the signal.
source "$(dirname "$0")/lib.bash"

sed 's/"vocab_size": 211/"vocab_size": 512/; s/"max_position_embeddings": 512/"max_position_embeddings": 1000000/' \
  "$data/tiny-tied/config.json" >config.json
expect 0 "$JET" convert --random-init --config config.json --tokenizer "$data/tokenizer-512" model.gguf

# stopped SIGNAL CODE CONDITION COMMAND...: sends the signal once the condition holds; ./out and ./err are written, $input
# is read.
stopped() {
  local signal=$1 wanted=$2 condition=$3 code=0 pid
  shift 3
  : >out
  : >err
  # A shell starts background work with Ctrl-C ignored; the program puts its own handler in place of that.
  "$@" <"${input:-/dev/null}" >out 2>err &
  pid=$!
  until [[ $(cat /proc/$pid/comm) != bash ]]; do :; done
  until eval "$condition"; do
    kill -0 $pid 2>/dev/null || failed "ended early: $*: $(cat err)"
    sleep 0.01
  done
  kill -"$signal" $pid
  wait $pid || code=$?
  [[ $code == "$wanted" ]] || failed "exit code $code, expected $wanted: $*: $(cat err)"
}

generate=("$JET" generate --model model.gguf --prompt "The sun" --temperature 0 --max-tokens 900000)
stopped INT 130 '[[ -s out ]]' "${generate[@]}"
[[ ! -s err ]] || failed "not quiet: $(cat err)"
stopped TERM 143 '[[ -s out ]]' "${generate[@]}"

# With --json the object is whole, and says so. -v prints a line when the model is loaded.
stopped INT 130 'grep -q loaded err && sleep 1' "${generate[@]}" --json -v
same "$(json out "it['finish_reason']")" cancelled

mkfifo turns
exec 3<>turns
echo "Hello." >&3
"$JET" convert --random-init --config config.json --tokenizer "$data/tokenizer-512" with-template 2>err ||
  failed "$(cat err)"
printf '{%% for m in messages %%}{{ m.content }} {%% endfor %%}' >with-template/chat_template.jinja
input=turns
stopped INT 130 '[[ -s out ]]' "$JET" chat --model with-template --temperature 0 --max-tokens 900000
stopped TERM 143 'grep -q loaded err && sleep 0.2' "$JET" chat --model with-template -v  # waits for a line
input=

# Perplexity: of the windows that were done.
for i in $(seq 20000); do echo "Line $i of a long text."; done >text
stopped INT 130 'grep -q loaded err && sleep 1' "$JET" perplexity --model model.gguf --text text --window 32 --json -v
same "$(json out "it['windows'] >= 1 and it['tokens'] == 31 * it['windows'] and it['perplexity'] > 1")" True
stopped TERM 143 'grep -q loaded err' "$JET" perplexity --model model.gguf --text text --window 300000 -v
[[ ! -s out ]] || failed "no window was done: $(cat out)"

# Bench: the cases that were done.
stopped INT 130 '[[ -s out ]]' "$JET" bench --model model.gguf --prompt-length 8 900000 --decode 2 --json
same "$(json out "it['prompt_length']")" 8

# Convert: in the middle of computing, and of writing; neither leaves anything.
sed -i 's/"hidden_size": 64/"hidden_size": 1024/; s/"intermediate_size": 176/"intermediate_size": 4096/' config.json
stopped TERM 143 'sleep 0.2' "$JET" convert --random-init --config config.json big.gguf --quantize q4_k
[[ -z $(find . -name '*big*') ]] || failed "files are left: $(ls -A)"
stopped INT 130 'compgen -G "big.gguf.*" >/dev/null' "$JET" convert --random-init --config config.json big.gguf
[[ -z $(find . -name '*big*') ]] || failed "files are left: $(ls -A)"
