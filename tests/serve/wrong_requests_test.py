"""Every field that is wrong is named, and the server goes on."""

from server import run_tests, serving
from tiny import CHAT, COMPLETE, MODEL, tool


def wrong_requests_are_named():
    with serving("--model", MODEL, "--context-length", 64) as server:
        before = server.post("/v1/completions", COMPLETE)[2]["choices"]
        huge = 10 ** 30
        wrong = [
            ({"temperature": -1}, "temperature"), ({"temperature": "hot"}, "temperature"), ({"temperature": 1e9}, "temperature"),
            ({"temperature": True}, "temperature"), ({"top_p": 1.5}, "top_p"), ({"top_p": [1]}, "top_p"), ({"top_k": 1.5}, "top_k"),
            ({"top_k": huge}, "top_k"), ({"max_tokens": -1}, "max_tokens"), ({"max_tokens": huge}, "max_tokens"),
            ({"max_tokens": "6"}, "max_tokens"), ({"n": 0}, "n"), ({"n": 129}, "n"), ({"n": -(2 ** 63)}, "n"), ({"n": 2 ** 64}, "n"),
            ({"seed": 0.5}, "seed"), ({"seed": 2 ** 63}, "seed"), ({"stop": 5}, "stop"), ({"stop": [""]}, "stop"),
            ({"stop": ["a"] * 65}, "stop"), ({"stop": "a" * 2000}, "stop"), ({"stream": "yes"}, "stream"), ({"echo": 1}, "echo"),
            ({"stream_options": {"include_usage": True}}, "stream_options"), ({"suffix": "end"}, "suffix"),
            ({"best_of": 0}, "best_of"), ({"best_of": 2, "n": 3}, "best_of"), ({"best_of": 3, "stream": True}, "best_of"),
            ({"best_of": 100, "prompt": [[5], [6]]}, "best_of"), ({"frequency_penalty": 2.1}, "frequency_penalty"),
            ({"presence_penalty": "1"}, "presence_penalty"), ({"logit_bias": []}, "logit_bias"), ({"logit_bias": {"5": 101}}, "logit_bias"),
            ({"logit_bias": {"512": 1}}, "logit_bias"), ({"logit_bias": {"-1": 1}}, "logit_bias"), ({"logit_bias": {"5x": 1}}, "logit_bias"),
            ({"logit_bias": {"5": None}}, "logit_bias"), ({"logit_bias": {str(i): 0 for i in range(2000)}}, "logit_bias"),
            ({"min_tokens": -1}, "min_tokens"), ({"typical_p": 0}, "typical_p"), ({"no_repeat_ngram_size": 0.5}, "no_repeat_ngram_size"),
            ({"no_such_field": 1}, "no_such_field"), ({"prompt": None}, "prompt"), ({"prompt": 5}, "prompt"), ({"prompt": []}, "prompt"),
            ({"prompt": [[]]}, "prompt"), ({"prompt": ""}, "prompt"), ({"prompt": [-1]}, "prompt"), ({"prompt": [512]}, "prompt"),
            ({"prompt": [huge]}, "prompt"), ({"prompt": [1, "a"]}, "prompt"), ({"prompt": [1.5]}, "prompt"), ({"prompt": {"a": 1}}, "prompt"),
            ({"prompt": [True]}, "prompt"), ({"prompt": ["a"] * 129}, "prompt"), ({"prompt": [5] * 65}, "prompt"), ({"model": 5}, "model"),
        ]
        for fields, param in wrong:
            status, _, got = server.post("/v1/completions", {**COMPLETE, **fields})
            assert status == 400, (fields, status, got)
            assert got["error"]["param"] == param and got["error"]["type"] == "invalid_request_error", (fields, got)
        messages = [None, 5, [], [5], [{}], [{"role": "user"}], [{"role": "robot", "content": "x"}], [{"role": "user", "content": 5}],
                    [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/"}}]}],
                    [{"role": "user", "content": [{"type": "text", "text": "x", "extra": 1}]}],
                    [{"role": "user", "content": "x", "extra": 1}]]
        for each in messages:
            status, _, got = server.post("/v1/chat/completions", {**CHAT, "messages": each})
            assert status == 400 and got["error"]["param"].startswith("messages"), (each, status, got)
        for name in ("messages", "tools", "bos_token"):
            assert server.post("/v1/chat/completions", {**CHAT, "chat_template_kwargs": {name: []}})[0] == 400
        status, _, got = server.post("/v1/chat/completions", {**CHAT, "tools": [tool("f")]})
        assert status == 400 and "chat template" in got["error"]["message"], got
        for text in ("", "{", "[]", "5", "null", '{"prompt": NaN}', '{"prompt": 1e999}', '{"prompt": "a", "prompt": "b"}',
                     "[" * 100000, '{"a":' * 5000, b'{"prompt": "\xff"}', '{"prompt": "\\ud800"}'):
            status, _, got = server.call("POST", "/v1/completions", text, {"Content-Type": "application/json"})
            assert status == 400 and got["error"]["message"], (text[:30], status, got)
        status, _, got = server.post("/v1/completions", {**COMPLETE, "model": "other"})
        assert status == 404 and got["error"]["code"] == "model_not_found"
        status, _, got = server.post("/v1/completions", {**COMPLETE, "prompt": "word " * 400_000})
        assert status == 400 and got["error"]["code"] == "context_length_exceeded", got
        assert server.call("POST", "/v1/completions", "a=b", {"Content-Type": "application/x-www-form-urlencoded"})[0] == 415
        assert server.get("/nowhere")[0] == 404
        status, headers, _ = server.get("/v1/completions")
        assert status == 405 and headers["Allow"] == "POST, OPTIONS"
        assert server.call("DELETE", "/v1/models")[0] == 405
        # And what was right before is answered as before.
        assert server.post("/v1/completions", COMPLETE)[2]["choices"] == before


run_tests([wrong_requests_are_named])
