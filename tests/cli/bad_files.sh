# Damaged and missing files: exit code 1 and one line that names the file and the place.
source "$(dirname "$0")/lib.bash"

copy() { rm -rf model && cp -r "$data/tiny-tied" model && chmod -R u+w model; }
run() { error "$1" logits --model "$2" --tokens 1 --out out.safetensors; }

copy && truncate -s 100000 model/model.safetensors && run 'model/model.safetensors' model
copy && truncate -s 4 model/model.safetensors && run 'model/model.safetensors' model
copy && rm model/model.safetensors && run 'model' model
copy && rm model/config.json && run 'config.json' model
copy && sed -i 's/"hidden_size": 64/"hidden_size": 65/' model/config.json && run 'model' model
copy && sed -i 's/"rms_norm_eps": 1e-06/"rms_norm_eps": "x"/' model/config.json && run 'rms_norm_eps' model
copy && truncate -s 300 model/config.json && run 'config.json: line' model
copy && mv model/model.safetensors model/pytorch_model.bin && run 'safetensors' model

expect 0 "$JET" convert "$data/tiny-tied" whole.gguf
for size in 3 20 500 20000; do
  head -c $size whole.gguf >cut.gguf
  run 'cut.gguf' cut.gguf
done
: >empty.gguf
run 'empty.gguf' empty.gguf
run 'plain.txt' plain.txt
error 'tokenizer' generate --model "$data/tiny-tied" --prompt x
error 'tokenizer' tokenize --model "$data/tiny-tied" x
error 'no chat template' chat --model "$data/tiny-tied"
