"""/v1/models, /tokenize, /detokenize, /tokenizer_info, /card."""
import subprocess

from server import JET, run_tests, serving
from tiny import COMPLETE, MODEL


def tokens_go_and_come():
    with serving("--model", MODEL) as server:
        _, _, got = server.post("/tokenize", {"prompt": "Hello <|im_end|> world", "add_special_tokens": False})
        ids = subprocess.run([JET, "tokenize", "--model", MODEL, "--ids", "Hello <|im_end|> world"],
                             check=True, capture_output=True, text=True).stdout.split()
        assert got["tokens"] == list(map(int, ids)) and got["count"] == len(ids)
        _, _, got = server.post("/detokenize", {"tokens": got["tokens"]})
        assert got == {"prompt": "Hello <|im_end|> world"}
        for body, param in (({"content": "hi"}, "content"), ({"prompt": "hi", "content": "hi"}, "content"), ({}, "prompt"),
                            ({"add_generation_prompt": True}, "prompt")):
            status, _, got = server.post("/tokenize", body)
            assert status == 400 and got["error"]["param"] == param, (body, got)
        _, _, info = server.get("/tokenizer_info")
        assert info["eos_token"] == "<|im_end|>" and "im_start" in info["chat_template"], info


def two_models_by_name():
    with serving("--model", f"one={MODEL}", "--model", f"two={MODEL}") as server:
        assert [m["id"] for m in server.get("/v1/models")[2]["data"]] == ["one", "two"]
        assert server.get("/v1/models/two")[2]["id"] == "two" and server.get("/v1/models/three")[0] == 404
        assert server.post("/v1/completions", COMPLETE)[2]["error"]["param"] == "model"
        texts = [server.post("/v1/completions", {**COMPLETE, "model": name})[2]["choices"][0]["text"] for name in ("one", "two")]
        assert texts[0] == texts[1]
        assert [c["id"] for c in server.get("/card")[2]] == ["one", "two"]


run_tests([tokens_go_and_come, two_models_by_name])
