# jet logits: the published code's numbers, whatever the cutting of the prompt and the number of threads.
source "$(dirname "$0")/lib.bash"

cat >compare.py <<'P'
"""Writes the first prompt of expected.safetensors, or compares logits with it: compare.py EXPECTED [LOGITS]."""
import array, json, struct, sys
def read(path):
    data = open(path, "rb").read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    codes = {"F32": "f", "I32": "i", "I64": "q"}
    out = {}
    for name, info in header.items():
        if info["dtype"] in codes:
            begin, end = info["data_offsets"]
            values = array.array(codes[info["dtype"]])
            values.frombytes(data[8 + size + begin : 8 + size + end])
            out[name] = (info["shape"], values)
    return out
expected = read(sys.argv[1])
(batch, length), prompt = expected["prompt"]
if len(sys.argv) == 2:
    print(expected["greedy_tokens"][0][1] - 1, *prompt[:length])
    sys.exit()
got = read(sys.argv[2])
tokens = expected["greedy_tokens"][1][: got["greedy_tokens"][0][0]]
assert got["greedy_tokens"][1] == array.array("i", tokens), (got["greedy_tokens"][1], tokens)
for name in ("prefill_logits", "step_logits"):
    values = got[name][1]
    worst = max(abs(a - b) for a, b in zip(values, expected[name][1]))
    assert worst < 1e-4, f"{name}: {worst}"  # float32 sums in another order: about 3e-5
P
for model in tiny-tied tiny-untied; do
  expected=$data/$model/expected.safetensors
  read -r steps tokens < <(python3 compare.py "$expected")
  expect 0 "$JET" logits --model "$data/$model" --tokens "$tokens" --steps "$steps" --out whole.safetensors --threads 1
  python3 compare.py "$expected" whole.safetensors || failed "$model differs from the published code"
  expect 0 "$JET" logits --model "$data/$model" --tokens "$tokens" --steps "$steps" --out threads.safetensors --threads 3
  cmp whole.safetensors threads.safetensors || failed "$model: three threads give other bits"
  expect 0 "$JET" logits --model "$data/$model" --tokens "$tokens" --steps "$steps" --out cut.safetensors --prefill-chunk 5
  python3 compare.py "$expected" cut.safetensors || failed "$model: a prompt in pieces differs from the published code"
done

error '999' logits --model "$data/tiny-tied" --tokens "1 999" --out bad.safetensors
error 'no-folder/f.safetensors' logits --model "$data/tiny-tied" --tokens 1 --out no-folder/f.safetensors
