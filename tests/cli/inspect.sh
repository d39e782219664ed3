# jet inspect gives the published sizes of Jet-Nemotron from its configs alone.
source "$(dirname "$0")/lib.bash"

sizes() {  # sizes CONFIG PARAMETERS RECURRENT CONV WINDOW KV
  expect 0 "$JET" inspect "$data/configs/$1" --json --context 65536
  same "$(json out "it['parameters']")" "$2" parameters
  same "$(json out "it['recurrent_state_bytes']")" "$3" recurrent_state_bytes
  same "$(json out "it['conv_state_bytes']")" "$4" conv_state_bytes
  same "$(json out "it['window_state_bytes']")" "$5" window_state_bytes
  same "$(json out "it['kv_bytes_per_token']")" "$6" kv_bytes_per_token
  same "$(json out "it['architecture']")" jet_nemotron
  same "$(json out "it['memory']")" \
    "$(json out "[{'context': 65536, 'bytes': it['weight_bytes'] + $3 + $4 + $5 + 65536 * $6, 'state_bytes': $3 + $4 + $5 + 65536 * $6}]")" memory
}
sizes jet-nemotron-2B.json 1964806208 28311552 442368 2359296 2048
sizes jet-nemotron-4B.json 3960424768 54525952 638976 14680064 3072
same "$(json out "[(g['kind'], g['count']) for g in it['layers']]")" "[('jet', 26), ('swa', 7), ('attn', 3)]"

expect 0 "$JET" inspect "$data/configs/jet-nemotron-2B.json"
grep -qF 'JJJJJJJJJJ JJJJAJJJJA SSJJJJJJ' out || failed "no drawing of the layers: $(cat out)"
for context in 4,096 65,536 262,144; do grep -qE "^ +$context " out || failed "no context $context"; done

expect 0 "$JET" inspect "$data/configs/jet-nemotron-2B.json" --json --kv-dtype f32 --context 1 2,3
same "$(json out "it['kv_bytes_per_token']")" 4096
same "$(json out "[m['context'] for m in it['memory']]")" "[1, 2, 3]"

# A checkpoint: its own weights, its tensors.
expect 0 "$JET" inspect "$data/tiny-tied" --json --tensors
same "$(json out "it['weight_bytes'] == 4 * it['parameters']")" True
same "$(json out "it['tensors'][0]")" "{'name': 'model.embed_tokens.weight', 'shape': [211, 64], 'type': 'f32'}"

echo '{"model_type": "jet_nemotron"' >bad.json
error 'bad.json: line 2' inspect bad.json
