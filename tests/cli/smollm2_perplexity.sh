# The perplexity of the small model is that of Hugging Face in float32.
source "$(dirname "$0")/lib.bash"
needs_speed
model=${JET_SMOLLM2:-}
text=$shared/data/eval/wikitext2_valid.txt.gz
[[ -e $model ]] || skip "the small model is not here: tools/fetch_model.py brings it"
[[ -e $text ]] || skip "the shared texts are not here"

# The first of the 8 windows that runtime/smollm2_test.cpp scores: exp(2602.14599609375 / 1023).
expect 0 "$JET" perplexity --model "$model" --text "$text" --characters 60000 --windows 1 --dtype f32 --json
same "$(json out "it['tokens'], it['windows']")" "(1023, 1)"
same "$(json out "abs(it['perplexity'] - 12.7259) < 0.005")" True "$(cat out)"
# With activations rounded to 8 bits it stays within 0.5 % over all 8 windows (a single one differs by up to 1 %).
expect 0 "$JET" perplexity --model "$model" --text "$text" --characters 60000 --windows 8 --json
same "$(json out "abs(it['perplexity'] / 16.2436 - 1) < 0.005")" True "$(cat out)"
# With weights of 8 bits activations are rounded twice: within 0.1 % of float32, which a single short window shows, for
# rounded once it differs by 0.8 % there.
expect 0 "$JET" convert "$model" q8_0.gguf --quantize q8_0
expect 0 "$JET" perplexity --model q8_0.gguf --text "$text" --characters 4000 --window 256 --windows 1 --dtype f32 --json
exact=$(json out "it['perplexity']")
expect 0 "$JET" perplexity --model q8_0.gguf --text "$text" --characters 4000 --window 256 --windows 1 --json
same "$(json out "abs(it['perplexity'] / $exact - 1) < 0.001")" True "$(cat out) and $exact in float32"
gzip -dc "$text" >whole.txt
head -n 20 whole.txt >plain.txt
expect 0 "$JET" perplexity --model "$model" --text plain.txt --window 64 --windows 2 --json
cp out file
expect 0 "$JET" perplexity --model "$model" --text - --window 64 --windows 2 --json <plain.txt
cmp out file || failed "standard input gives another perplexity"
head -c 1000 "$text" >cut.gz
error 'cut.gz: bad gzip data' perplexity --model "$model" --text cut.gz
# At most so many windows; a rest is left out, but a text of less than a window is scored whole.
expect 0 "$JET" perplexity --model "$model" --text plain.txt --characters 1000 --window 64 --windows 500 --json
cp out most
expect 0 "$JET" perplexity --model "$model" --text plain.txt --characters 1000 --window 64 --json
cmp out most || failed "500 windows are not at most 500"
same "$(json out "it['tokens'] == 63 * it['windows']")" True
expect 0 "$JET" perplexity --model "$model" --text plain.txt --characters 100 --windows 2
grep -q 'in 1 window of at most 1024$' out || failed "$(cat out)"
