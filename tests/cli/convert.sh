# Round trips between Hugging Face directories and GGUF keep every bit; types, shards, and what is refused.
source "$(dirname "$0")/lib.bash"

for model in tiny-tied tiny-untied; do
  expect 0 "$JET" convert "$data/$model" $model.gguf
  expect 0 "$JET" convert $model.gguf $model-back
  python3 "$here/tensors.py" "$data/$model" $model-back || failed "$model: tensors changed on the way"
  for form in "$data/$model" $model.gguf $model-back; do
    expect 0 "$JET" logits --model "$form" --tokens "1 2 3 4 5" --steps 3 --out logits.safetensors
    mv logits.safetensors "logits-$(basename "$form").safetensors"
  done
  cmp "logits-$model.safetensors" "logits-$model.gguf.safetensors" || failed "$model: logits of the GGUF file differ"
  cmp "logits-$model.safetensors" "logits-$model-back.safetensors" || failed "$model: logits of the way back differ"
done

# Types: A_log and dt_bias stay in float32, and the config says the new type.
expect 0 "$JET" convert "$data/tiny-tied" half --dtype bf16
python3 "$here/tensors.py" --types half >types
grep -q '^model.embed_tokens.weight BF16$' types || failed "$(cat types)"
same "$(grep -cE '(A_log|dt_bias) F32$' types)" 8
same "$(grep -vcE ' BF16$' types)" 8
same "$(json half/config.json "it['torch_dtype']")" bfloat16
expect 0 "$JET" convert half half.gguf
expect 0 "$JET" convert half.gguf half-back
python3 "$here/tensors.py" half half-back || failed "bf16 tensors changed on the way"
expect 0 "$JET" convert half wide --dtype f32
expect 0 "$JET" convert wide half-again --dtype bf16
python3 "$here/tensors.py" half half-again || failed "bf16 to f32 and back changed bits"

# Shards.
expect 0 "$JET" convert "$data/tiny-tied" shards --shard-size 300KB
[[ $(ls shards/*.safetensors | wc -l) -gt 3 && -e shards/model.safetensors.index.json ]] || failed "no shards: $(ls shards)"
python3 "$here/tensors.py" "$data/tiny-tied" shards || failed "tensors changed in shards"
expect 0 "$JET" logits --model shards --tokens "1 2 3 4 5" --steps 3 --out logits.safetensors
cmp logits.safetensors logits-tiny-tied.safetensors || failed "logits of the shards differ"

# Nothing is overwritten, nothing is left behind by a failure.
error 'half: exists already' convert "$data/tiny-tied" half
error 'half.gguf: exists already' convert "$data/tiny-tied" half.gguf
error 'there is no directory missing; make it first' convert "$data/tiny-tied" missing/half.gguf
error 'there is no directory missing/deeper' convert "$data/tiny-tied" missing/deeper/half/
error 'weights.Safetensors: a model is written as a directory' convert "$data/tiny-tied" weights.Safetensors
[[ ! -e weights.Safetensors ]] || failed 'a directory named as a file was made'
[[ ! -e missing ]] || failed 'a missing folder was made'
error 'nowhere: no such file' convert nowhere out-of-nowhere
error 'there is no directory half.gguf' convert "$data/tiny-tied" half.gguf/below
[[ ! -e out-of-nowhere ]] || failed "a failure left out-of-nowhere"
[[ -z $(find . -name '*partial*' -o -name '*.tmp') ]] || failed "temporary files are left: $(ls -a)"

# Random weights: the same seed gives the same bits, another one others.
expect 0 "$JET" convert --random-init --config "$data/tiny-tied/config.json" --seed 3 random-a
expect 0 "$JET" convert random-b --random-init --config "$data/tiny-tied" --seed 3
expect 0 "$JET" convert --random-init --config "$data/tiny-tied" --seed 4 random-c
python3 "$here/tensors.py" random-a random-b || failed "one seed, different weights"
! python3 "$here/tensors.py" random-a random-c 2>/dev/null || failed "two seeds, the same weights"
expect 0 "$JET" logits --model random-a --tokens "1 2 3" --out random.safetensors
error 'no-config.json' convert --random-init --config no-config.json random-d

# The name of a GGUF file may be in capitals.
expect 0 "$JET" convert "$data/tiny-tied" CAPITALS.GGUF
[[ -f CAPITALS.GGUF ]] || failed 'CAPITALS.GGUF is no file'
expect 0 "$JET" inspect CAPITALS.GGUF
