# Quantising: the formats of the tensors, the fallbacks told, and what is refused.
source "$(dirname "$0")/lib.bash"

# Rows of 64 and 176 numbers, 128 and 22 in JetBlocks; the norms and the gates stay.
expect 0 "$JET" convert "$data/tiny-tied" q4_0.gguf --quantize q4_0 --threads 2
grep -q 'model.embed_tokens.weight: rows of 64 numbers are not whole blocks of q6_k: written as q8_0' err || failed "$(cat err)"
grep -q 'model.layers.0.mlp.down_proj.weight: rows of 176 numbers are not whole blocks of q4_0: written as f16' err ||
  failed "$(cat err)"
expect 0 "$JET" inspect q4_0.gguf --tensors
tensor() { grep -qE "$1 .*\b$2\b" out || failed "$1 is not $2: $(grep "$1" out)"; }
tensor model.layers.2.self_attn.q_proj.weight q4_0
tensor model.layers.0.self_attn.a_proj.weight f32
tensor model.layers.0.input_layernorm.weight f32
tensor model.embed_tokens.weight q8_0

# The same bytes from any number of threads, and from the same weights in another container.
expect 0 "$JET" convert "$data/tiny-tied" one.gguf --quantize q4_0 --threads 1
cmp q4_0.gguf one.gguf || failed "the bytes depend on the threads"
expect 0 "$JET" convert "$data/tiny-tied" plain.gguf
expect 0 "$JET" convert plain.gguf two.gguf --quantize q4_0
cmp q4_0.gguf two.gguf || failed "the bytes depend on the container"

# Each format can be computed with; 8 bits are nearer to the floats than 5, and those than 4.
for type in q8_0 q6_k q5_k q5_1 q5_0 q4_k q4_1; do
  expect 0 "$JET" convert "$data/tiny-tied" $type.gguf --quantize $type
done
for type in q8_0 q5_0 q4_0; do
  expect 0 "$JET" logits --model $type.gguf --tokens "1 2 3 4 5" --out $type.safetensors
done
expect 0 "$JET" logits --model "$data/tiny-tied" --tokens "1 2 3 4 5" --out f32.safetensors
python3 - <<'P' || failed "the logits are off"
import json, struct
def logits(name):
    data = open(name, "rb").read()
    (size,) = struct.unpack("<Q", data[:8])
    info = json.loads(data[8 : 8 + size])["prefill_logits"]
    begin, end = info["data_offsets"]
    return struct.unpack(f"<{(end - begin) // 4}f", data[8 + size + begin : 8 + size + end])
exact = logits("f32.safetensors")
power = sum(x * x for x in exact)
errors = [(sum((x - y) ** 2 for x, y in zip(exact, logits(f"{type}.safetensors"))) / power) ** 0.5
          for type in ("q8_0", "q5_0", "q4_0")]
assert errors[0] < errors[1] < errors[2] and errors[0] < 0.2, errors
P

# A float model of the numbers that the blocks stand for gives the same logits, bit for bit.
expect 0 "$JET" convert q5_0.gguf decoded --dtype f32
for model in q5_0.gguf decoded; do
  expect 0 "$JET" logits --model $model --dtype f32 --tokens "1 2 3 4 5" --out logits-$model.safetensors
done
cmp logits-q5_0.gguf.safetensors logits-decoded.safetensors || failed "the logits are not those of the blocks' numbers"

# Again, from blocks: done, and said.
expect 0 "$JET" convert q8_0.gguf again.gguf --quantize q4_0
grep -q 'note: q8_0.gguf holds quantised weights already' err || failed "$(cat err)"

# A model of random weights, quantised at once.
expect 0 "$JET" convert --random-init --config "$data/tiny-tied/config.json" random.gguf --quantize q8_0
expect 0 "$JET" inspect random.gguf --tensors
tensor model.layers.2.self_attn.q_proj.weight q8_0

error 'a Hugging Face directory cannot hold q4_k blocks; name a .gguf file' convert "$data/tiny-tied" folder --quantize q4_k
[[ ! -e folder ]] || failed "a refusal left a directory"
usage 'exclude one another' convert "$data/tiny-tied" x.gguf --quantize q4_0 --dtype f16
usage 'q3_k' convert "$data/tiny-tied" x.gguf --quantize q3_k
