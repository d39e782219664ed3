# Every published config, scaled down, becomes random weights that run, in both formats.
source "$(dirname "$0")/lib.bash"
configs=$shared/configs
[[ -d $configs ]] || configs=$data/configs

for config in "$configs"/*.json; do
  name=$(basename "$config" .json)
  python3 - "$config" >small.json <<'P'
import json, sys
config = json.load(open(sys.argv[1]))
heads, kv = config["num_attention_heads"], config["num_key_value_heads"]
config.update(hidden_size=8 * heads, intermediate_size=96, vocab_size=300, max_position_embeddings=256)
config.update(bos_token_id=1, eos_token_id=2)
if "head_dim" in config: config["head_dim"] = 16
keep = config["num_hidden_layers"] if "layer_types" in config else 3
config["num_hidden_layers"] = keep
for kind, section in config.get("efficient_attention_config", {}).items():
    if kind == "jet": section.update(num_heads=2, head_dim=24)
    if kind == "swa": section.update(window_size=5)
print(json.dumps(config))
P
  expect 0 "$JET" convert --random-init --config small.json --seed 1 "$name"
  expect 0 "$JET" convert "$name" "$name.gguf"
  for form in "$name" "$name.gguf"; do
    expect 0 "$JET" logits --model "$form" --tokens "5 6 7 8 9 10 11 12" --steps 2 --out logits.safetensors
    mv logits.safetensors "$(basename "$form")-logits.safetensors"
  done
  cmp "$name-logits.safetensors" "$name.gguf-logits.safetensors" || failed "$name: the GGUF file gives other logits"
done
