# A prompt begins with the begin-of-text token where the tokenizer adds one, also after a conversion; `tokenize` shows the text
# alone.
source "$(dirname "$0")/lib.bash"
sed 's/"vocab_size": 211/"vocab_size": 512/' "$data/tiny-tied/config.json" >config.json
expect 0 "$JET" convert --random-init --config config.json --tokenizer "$data/tokenizer-512" model
text=$(expect 0 "$JET" tokenize --model model --ids "abc def" && cat out)
prompt_tokens() {
  expect 0 "$JET" generate --model "$1" --prompt "abc def" --temperature 0 --max-tokens 4 --json
  json out "it['prompt_tokens'], it['ids']"
}
plain=$(prompt_tokens model)
sed -i 's/"add_bos_token": false/"add_bos_token": true/; s/"bos_token": null/"bos_token": "<|endoftext|>"/' model/tokenizer_config.json
same "$(expect 0 "$JET" tokenize --model model --ids "abc def" && cat out)" "$text"
begun=$(prompt_tokens model)
count=$(wc -w <<<"$text")
[[ $plain == "($count, "* && $begun == "($((count + 1)), "* ]] || failed "$plain, then $begun"
# The same as with the token written out, without it added.
expect 0 "$JET" convert model model.gguf
same "$(prompt_tokens model.gguf)" "$begun" "as GGUF"
sed -i 's/"add_bos_token": true/"add_bos_token": false/' model/tokenizer_config.json
expect 0 "$JET" generate --model model --prompt "<|endoftext|>abc def" --temperature 0 --max-tokens 4 --json
same "$(json out "it['prompt_tokens'], it['ids']")" "$begun" "written out"
