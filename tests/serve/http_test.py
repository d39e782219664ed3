"""The server as a stranger meets it, over sockets: right answers, wrong requests, slow and vanishing clients."""
import http.client
import json
import pathlib
import shutil
import subprocess
import tempfile

from server import JET, run_tests, serving, tiny_model

folder = tempfile.mkdtemp(dir=".")
MODEL = tiny_model(folder)
IDS = [5, 6, 7, 8, 9]
COMPLETE = {"prompt": IDS, "max_tokens": 6, "temperature": 0}
CHAT = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 6, "temperature": 0}


def generated(prompt, *options):
    out = subprocess.run([JET, "generate", "--model", MODEL, "--prompt", prompt, "--json", *map(str, options)],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def raw(server, data, read=True):
    """Sends bytes as they are; what comes back until the server closes."""
    with server.connect() as connection:
        connection.sendall(data)
        answer = b""
        while read and (part := connection.recv(65536)):
            answer += part
        return answer.decode()


def status_of(answer):
    assert answer.startswith("HTTP/1.1 "), answer
    return int(answer.split(" ")[1])


def answers_are_those_of_generate():
    with serving("--model", MODEL) as server:
        for prompt, options, fields in [
            ("Hello world", ["--temperature", 0, "--max-tokens", 8], {"temperature": 0, "max_tokens": 8}),
            ("The same", ["--temperature", 0.9, "--seed", 5, "--max-tokens", 12], {"temperature": 0.9, "seed": 5, "max_tokens": 12}),
            ("Top", ["--temperature", 1, "--top-k", 7, "--top-p", 0.9, "--seed", 1, "--max-tokens", 9],
             {"temperature": 1, "top_k": 7, "top_p": 0.9, "seed": 1, "max_tokens": 9}),
        ]:
            wanted = generated(prompt, *options)
            status, _, got = server.post("/v1/completions", {"prompt": prompt, **fields})
            assert status == 200, got
            choice = got["choices"][0]
            assert choice["text"] == wanted["text"], (choice, wanted)
            assert choice["finish_reason"] == wanted["finish_reason"]
            assert got["usage"]["prompt_tokens"] == wanted["prompt_tokens"]
            assert got["usage"]["completion_tokens"] == wanted["completion_tokens"]
            events = server.events("/v1/completions", {"prompt": prompt, **fields, "stream_options": {"include_usage": True}})
            assert events[-1] == "[DONE]"
            assert "".join(e["choices"][0]["text"] for e in events[:-2]) == wanted["text"]
            assert events[-2]["choices"] == [] and events[-2]["usage"] == got["usage"], events[-2]
        # A dialogue is the template's text.
        rendered = "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"
        wanted = generated(rendered, "--temperature", 0, "--max-tokens", 6)["text"]
        _, _, got = server.post("/v1/chat/completions", CHAT)
        assert got["choices"][0]["message"]["content"] == wanted, got
        events = server.events("/v1/chat/completions", CHAT)
        assert events[0]["choices"][0]["delta"]["role"] == "assistant"
        assert "".join(e["choices"][0]["delta"].get("content", "") for e in events[:-1]) == wanted
        assert events[-2]["choices"][0]["finish_reason"] == "length"


def several_prompts_and_answers():
    with serving("--model", MODEL) as server:
        single = [server.post("/v1/completions", {**COMPLETE, "prompt": p})[2]["choices"][0]["text"] for p in (IDS, [9, 8])]
        _, _, got = server.post("/v1/completions", {**COMPLETE, "prompt": [IDS, [9, 8]]})
        assert [c["text"] for c in got["choices"]] == single
        assert [c["index"] for c in got["choices"]] == [0, 1]
        assert got["usage"]["prompt_tokens"] == len(IDS) + 2
        sampled = {**COMPLETE, "temperature": 1, "n": 3, "seed": 10}
        _, _, got = server.post("/v1/completions", sampled)
        alone = [server.post("/v1/completions", {**sampled, "n": 1, "seed": 10 + i})[2]["choices"][0]["text"] for i in range(3)]
        assert [c["text"] for c in got["choices"]] == alone
        _, _, got = server.post("/v1/completions", {**COMPLETE, "prompt": "Hello", "echo": True, "max_tokens": 0})
        assert got["choices"][0]["text"] == "Hello" and got["usage"]["completion_tokens"] == 0


def log_probabilities_are_exact():
    """As lm-evaluation-harness reads them: is_greedy by equal doubles, the context's part cut off by its length."""
    with serving("--model", MODEL) as server:
        greedy = server.post("/v1/completions", {**COMPLETE, "logprobs": 2})[2]["choices"][0]
        logs = greedy["logprobs"]
        assert len(logs["tokens"]) == len(logs["token_logprobs"]) == len(logs["top_logprobs"]) == len(logs["text_offset"]) == 6
        assert all(value == max(top.values()) for value, top in zip(logs["token_logprobs"], logs["top_logprobs"]))
        ids = server.post("/tokenize", {"prompt": "Hello world, again"})[2]["tokens"]
        ask = {"prompt": [ids, ids[:3]], "temperature": 0, "max_tokens": 1, "logprobs": 1, "echo": True, "seed": 1234}
        status, _, got = server.post("/v1/completions", ask)
        assert status == 200, got
        for choice, prompt in zip(got["choices"], (ids, ids[:3])):
            logs = choice["logprobs"]
            assert len(logs["token_logprobs"]) == len(logs["top_logprobs"]) == len(prompt) + 1
            assert logs["token_logprobs"][0] is None and logs["top_logprobs"][0] is None
            for value, top in zip(logs["token_logprobs"][1:], logs["top_logprobs"][1:]):
                assert value in top.values() and value <= max(top.values()) <= 0
            assert logs["token_logprobs"][-1] == max(logs["top_logprobs"][-1].values())
            assert "".join(logs["tokens"][:-1]) == server.post("/detokenize", {"tokens": prompt})[2]["prompt"]
        assert server.post("/v1/completions", ask)[2]["choices"] == got["choices"]
        only = server.post("/v1/completions", {**ask, "max_tokens": 0})[2]
        assert only["usage"]["completion_tokens"] == 0 and only["usage"]["prompt_tokens"] == len(ids) + 3, only["usage"]
        only = only["choices"][0]["logprobs"]
        assert only["token_logprobs"] == got["choices"][0]["logprobs"]["token_logprobs"][:-1]
        pieces = server.events("/v1/completions", {**COMPLETE, "logprobs": 2})
        streamed = [value for e in pieces[:-1] if e["choices"][0]["logprobs"] for value in e["choices"][0]["logprobs"]["token_logprobs"]]
        assert streamed == greedy["logprobs"]["token_logprobs"]
        chat = server.post("/v1/chat/completions", {**CHAT, "logprobs": True, "top_logprobs": 3})[2]["choices"][0]["logprobs"]["content"]
        assert len(chat) == 6 and all(len(entry["top_logprobs"]) == 3 for entry in chat)
        assert all(entry["logprob"] == entry["top_logprobs"][0]["logprob"] for entry in chat)
        for fields in ({"logprobs": 21}, {"logprobs": -1}, {"logprobs": True}, {"logprobs": 1, "echo": True, "stream": True}):
            assert server.post("/v1/completions", {**COMPLETE, **fields})[0] == 400, fields
        assert server.post("/v1/chat/completions", {**CHAT, "top_logprobs": 3})[0] == 400


def tokens_are_favoured_and_penalised():
    with serving("--model", MODEL) as server:
        def tokens(**fields):
            status, _, got = server.post("/v1/completions", {**COMPLETE, "logprobs": 0, **fields})
            assert status == 200, got
            return got["choices"][0]["logprobs"]["tokens"]
        names = [server.post("/detokenize", {"tokens": [i]})[2]["prompt"] for i in (70, 71)]
        # The logits of random weights differ by less than 2: biases and penalties decide.
        first, second = {"70": 20}, {"70": 20, "71": 19}
        assert tokens(logit_bias=first) == [names[0]] * 6
        assert names[0] not in tokens(logit_bias={"70": -100}, frequency_penalty=-2)
        assert tokens(logit_bias=second, presence_penalty=2) == [names[0], names[1]] + [names[0]] * 4
        assert sorted(tokens(logit_bias=second, frequency_penalty=2)) == sorted(names * 3)
        assert tokens(logit_bias=second, no_repeat_ngram_size=1)[:2] == names
        assert tokens(prompt=[70] * 9, logit_bias=first, presence_penalty=2) == [names[0]] * 6  # the prompt does not count


def the_best_is_chosen():
    ask = {**COMPLETE, "temperature": 1, "seed": 10, "logprobs": 1}
    with serving("--model", MODEL) as server:
        all_of_them = server.post("/v1/completions", {**ask, "n": 5})[2]["choices"]
        falling = sorted(all_of_them, key=lambda c: -sum(c["logprobs"]["token_logprobs"]) / len(c["logprobs"]["token_logprobs"]))
        status, _, got = server.post("/v1/completions", {**ask, "n": 2, "best_of": 5})
        assert status == 200 and [c["index"] for c in got["choices"]] == [0, 1], got
        assert [c["text"] for c in got["choices"]] == [c["text"] for c in falling[:2]], (got, falling)
        assert got["usage"]["completion_tokens"] == 30
        plain = server.post("/v1/completions", {**ask, "prompt": [IDS, [9, 8]], "best_of": 4, "logprobs": None})[2]["choices"]
        assert len(plain) == 2 and plain[0]["logprobs"] is None
        assert plain[0]["text"] == max(all_of_them[:4], key=lambda c: sum(c["logprobs"]["token_logprobs"]))["text"]


def json_is_kept_to():
    """A model of random weights writes JSON of the schema, or an answer that its length cut."""
    schema = {"type": "object", "required": ["name", "tags"], "additionalProperties": False, "properties": {
        "name": {"type": "string", "maxLength": 8}, "age": {"type": ["integer", "null"]},
        "tags": {"type": "array", "maxItems": 2, "items": {"enum": ["red", "green", 5]}}}}
    form = {"type": "json_schema", "json_schema": {"name": "it", "schema": schema, "strict": True}}
    with serving("--model", MODEL) as server:
        ended = 0
        for seed in range(0, 24, 3):
            status, _, got = server.post("/v1/chat/completions", {**CHAT, "response_format": form, "max_tokens": 120,
                                                                  "temperature": 1, "seed": seed, "n": 3})
            assert status == 200, got
            for choice in got["choices"]:
                if choice["finish_reason"] != "stop":
                    continue
                ended += 1
                it = json.loads(choice["message"]["content"])
                assert list(it) in (["name", "tags"], ["name", "age", "tags"]), it
                assert len(it["name"]) <= 8 and len(it["tags"]) <= 2 and set(it["tags"]) <= {"red", "green", 5}, it
                assert it.get("age") is None or isinstance(it["age"], int)
        assert ended > 8, ended
        got = server.post("/v1/chat/completions", {**CHAT, "response_format": {"type": "json_object"}, "max_tokens": 60, "temperature": 1, "n": 8, "seed": 1})[2]
        for choice in got["choices"]:
            assert choice["message"]["content"].startswith("{")
            if choice["finish_reason"] == "stop":
                assert isinstance(json.loads(choice["message"]["content"]), dict)
        for bad in ({"type": "grammar"}, {"type": "json_schema"}, {"type": "json_schema", "json_schema": {"name": "a"}}, "json_object",
                    {"type": "json_schema", "json_schema": {"schema": {"type": "string", "pattern": "(" * 60000}}},
                    {"type": "json_schema", "json_schema": {"schema": {"$ref": "#"}}}):
            status, _, got = server.post("/v1/chat/completions", {**CHAT, "response_format": bad})
            assert status == 400 and got["error"]["param"].startswith("response_format"), (bad, got)


TOOLS_TEMPLATE = """{% if tools %}<|im_start|>system
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}Answer with <tool_call>{"name": ..., "arguments": ...}</tool_call>.<|im_end|>
{% endif %}{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}{% if message.tool_calls %}{% for call in message.tool_calls %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def tool(name, **properties):
    return {"type": "function", "function": {"name": name, "description": "Does it.", "parameters": {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}}}


def tools_are_called():
    """A model of random weights calls a tool when it must, with arguments of its schema; past calls reach the template."""
    caller = pathlib.Path(folder) / "caller"
    shutil.copytree(MODEL, caller)
    config = json.loads((caller / "tokenizer_config.json").read_text())
    (caller / "tokenizer_config.json").write_text(json.dumps({**config, "chat_template": TOOLS_TEMPLATE}))
    tools = [tool("add", a={"type": "integer"}, b={"enum": [1, 2]}), tool("stop_it")]
    ask = {**CHAT, "tools": tools, "temperature": 1, "max_tokens": 100}
    with serving("--model", caller) as server:
        def post(**fields):
            status, _, got = server.post("/v1/chat/completions", {**ask, **fields})
            assert status == 200, got
            return got["choices"]

        def check(call):
            arguments = json.loads(call["function"]["arguments"])
            assert call["type"] == "function" and call["id"].startswith("call_")
            if call["function"]["name"] == "stop_it":
                assert arguments == {}
            else:
                assert call["function"]["name"] == "add" and isinstance(arguments["a"], int) and arguments["b"] in (1, 2)

        names = set()
        for choice in post(tool_choice="required", n=8, seed=1):
            if choice["finish_reason"] == "tool_calls":
                assert choice["message"]["content"] is None and len(choice["message"]["tool_calls"]) == 1
                check(choice["message"]["tool_calls"][0])
                names.add(choice["message"]["tool_calls"][0]["function"]["name"])
            else:
                assert choice["finish_reason"] == "length" and "tool_calls" not in choice["message"]
        assert names == {"add", "stop_it"}, names
        named = {"type": "function", "function": {"name": "stop_it"}}
        message = post(tool_choice=named)[0]["message"]
        assert message["tool_calls"][0]["function"] == {"name": "stop_it", "arguments": "{}"}
        events = server.events("/v1/chat/completions", {**ask, "tool_choice": named, "logprobs": True})
        deltas = [e["choices"][0] for e in events[:-1]]
        calls = [call for d in deltas for call in d["delta"].get("tool_calls", [])]
        assert len(calls) == 1 and calls[0]["index"] == 0 and calls[0]["function"] == {"name": "stop_it", "arguments": "{}"}
        assert deltas[-1]["finish_reason"] == "tool_calls" and not any(d["delta"].get("content") for d in deltas)
        assert sum(len(d["logprobs"]["content"]) for d in deltas if d["logprobs"]) > 5
        # What was called and what came of it are in the next prompt; arguments are objects there.
        messages = CHAT["messages"] + [message | {"refusal": None}, {"role": "tool", "tool_call_id": "call_1", "content": "done"}]
        tokens = server.post("/tokenize", {"messages": messages, "tools": tools})[2]["tokens"]
        text = server.post("/detokenize", {"tokens": tokens})[2]["prompt"]
        assert '\n<tool_call>\n{"name": "stop_it", "arguments": {}}\n</tool_call><|im_end|>\n<|im_start|>tool\ndone' in text, text
        assert json.dumps(tools[0]) in text
        # Free answers, and none of calls when they are switched off: the prompt is then that without tools.
        assert post()[0]["finish_reason"] in ("stop", "length")
        plain = server.post("/v1/chat/completions", {**CHAT, "seed": 1})[2]["choices"]
        assert server.post("/v1/chat/completions", {**CHAT, "seed": 1, "tools": tools, "tool_choice": "none"})[2]["choices"] == plain
        bad_call = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{"}}]}
        for fields, param in [
            ({"tools": 5}, "tools"), ({"tools": [tool("a b")]}, "tools[0].function.name"), ({"tools": [tool("a"), tool("a")]}, "tools"),
            ({"tools": [{"type": "retrieval"}]}, "tools[0].type"), ({"tools": [tool(str(i)) for i in range(129)]}, "tools"),
            ({"tool_choice": "any"}, "tool_choice"), ({"tool_choice": {"type": "function", "function": {"name": "no"}}}, "tool_choice.function.name"),
            ({"tools": [], "tool_choice": "required"}, "tool_choice"), ({"tool_choice": 5}, "tool_choice"),
            ({"tools": [tool("f", x={"type": "string", "pattern": "a+"})], "tool_choice": "required"}, "tools"),
            ({"response_format": {"type": "json_object"}}, "response_format"), ({"parallel_tool_calls": 1}, "parallel_tool_calls"),
            ({"messages": CHAT["messages"] + [bad_call]}, "messages[1].tool_calls[0].function.arguments"),
        ]:
            status, _, got = server.post("/v1/chat/completions", {**ask, **fields})
            assert status == 400 and got["error"]["param"] == param, (fields, got)


def turns_are_not_computed_again():
    with serving("--model", MODEL) as server:
        messages = [{"role": "user", "content": "Hello there, how are you this fine morning? " * 4}]
        first = server.post("/v1/chat/completions", {**CHAT, "messages": messages})[2]
        messages += [first["choices"][0]["message"] | {"refusal": None}, {"role": "user", "content": "And now?"}]
        second = server.post("/v1/chat/completions", {**CHAT, "messages": messages})[2]
        assert first["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
        assert second["usage"]["prompt_tokens_details"]["cached_tokens"] >= 64, second["usage"]
        assert server.metric("prefix_cache_hits_total") == second["usage"]["prompt_tokens_details"]["cached_tokens"]
        salted = [server.post("/v1/chat/completions", {**CHAT, "messages": messages, "cache_salt": salt})[2] for salt in ("a", "b", "a")]
        assert [each["usage"]["prompt_tokens_details"]["cached_tokens"] > 0 for each in salted] == [False, False, True]
    with serving("--model", MODEL) as server:
        cold = server.post("/v1/chat/completions", {**CHAT, "messages": messages})[2]
        assert cold["choices"] == second["choices"]


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


def malformed_http_is_refused():
    with serving("--model", MODEL) as server:
        for data, wanted in [
            (b"\r\n\r\nnonsense\r\n\r\n", 400), (b"GET / HTTP/9.9\r\n\r\n", 400), (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 101 + b"\r\n", 431), (b"GET / HTTP/1.1\r\nHost: localhost\r\na: " + b"b" * 40000 + b"\r\n\r\n", 431),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", 413), (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", 400),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", 415),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\nContent-Length: 5\r\n\r\nhello", 417),
        ]:
            answer = raw(server, data)
            assert status_of(answer) == wanted, (data[:60], answer)
            assert json.loads(answer.split("\r\n\r\n", 1)[1])["error"]["message"]
        # Two requests in one packet, the body in pieces, and one that waits for leave to send its body.
        with server.connect() as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while part := connection.recv(65536):
                answer += part
            assert answer.count(b"HTTP/1.1 200 OK") == 2, answer
        body = json.dumps({"prompt": "Hello"}).encode()
        with server.connect() as connection:
            connection.sendall(b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                               b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
            assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            for byte in body:
                connection.sendall(b"1\r\n" + bytes([byte]) + b"\r\n")
            connection.sendall(b"0\r\n\r\n")
            answer = b""
            while part := connection.recv(65536):
                answer += part
            assert status_of(answer.decode()) == 200 and b'"tokens"' in answer
        assert server.get("/health")[0] == 200


def a_connection_is_used_again():
    with serving("--model", MODEL) as server:
        wanted = server.post("/v1/completions", COMPLETE)[2]["choices"]
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for i in range(50):
            body = json.dumps({**COMPLETE, "stream": i % 3 == 1, "user": "x" * (i * 3000)})
            connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
            answer = connection.getresponse().read().decode()
            if i % 3 == 1:
                assert answer.endswith("data: [DONE]\n\n")
            else:
                assert json.loads(answer)["choices"] == wanted
            connection.request("GET", "/health")
            assert connection.getresponse().read() == b'{"status":"ok"}'
        assert server.metric("connections") == 2
        connection.close()
        # Requests that are sent before the answers to others have come, cut anywhere.
        body = json.dumps(COMPLETE).encode()
        request = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        data = request * 30 + b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        with server.connect() as several:
            for at in range(0, len(data), 97):
                several.sendall(data[at:at + 97])
            answer = b""
            while part := several.recv(65536):
                answer += part
        assert answer.count(b"HTTP/1.1 200 OK") == 31 and answer.endswith(b'{"status":"ok"}'), answer[-300:]
        assert answer.decode().count(json.dumps(wanted[0]["text"])) == 30


def clients_that_vanish_free_their_places():
    with serving("--model", MODEL, "--max-sequences", 2) as server:
        long = json.dumps({"prompt": IDS, "max_tokens": 1900, "ignore_eos": True, "stream": True}).encode()
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(long)
        for _ in range(20):
            with server.connect() as connection:
                connection.sendall(head + long)
                assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        for cut in (5, len(head) + 3, len(head) + len(long)):  # in the header, in the body, before any answer
            for _ in range(10):
                raw(server, (head + long)[:cut], read=False)
        server.wait_for(lambda: server.metric("num_requests_running") == 0)
        assert server.metric("generation_tokens_total") < 33 * 1900 / 2
        assert server.post("/v1/completions", COMPLETE)[0] == 200
        server.wait_for(lambda: server.metric("connections") == 1)


def many_clients_at_once():
    """Idle connections, slow ones, and streams beside them; each stream's text is right."""
    with serving("--model", MODEL, "--max-queue", 300) as server:
        wanted = server.post("/v1/completions", COMPLETE)[2]["choices"][0]["text"]
        idle = [server.connect() for _ in range(200)]
        slow = [server.connect() for _ in range(50)]
        for connection in slow:
            connection.sendall(b"GET /health HT")
        body = json.dumps({**COMPLETE, "stream": True}).encode()
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        streams = [server.connect() for _ in range(100)]
        for connection in streams:
            connection.sendall(head + body)
        assert server.get("/health")[0] == 200
        for connection in streams:
            with connection:
                answer = b""
                while part := connection.recv(65536):
                    answer += part
            text = answer.decode()
            assert status_of(text) == 200 and text.endswith("0\r\n\r\n")
            pieces = [json.loads(part.split("\n")[0]) for part in text.split("data: ") if part.startswith("{")]
            assert "".join(piece["choices"][0]["text"] for piece in pieces) == wanted
        for connection in idle + slow:
            connection.close()


def a_full_queue_is_said():
    with serving("--model", MODEL, "--max-sequences", 1, "--max-queue", 1) as server:
        long = json.dumps({"prompt": IDS, "max_tokens": 1900, "ignore_eos": True, "stream": True}).encode()
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(long)
        running = server.connect()
        running.sendall(head + long)
        running.recv(65536)
        waiting = server.connect()
        waiting.sendall(head + long)
        server.wait_for(lambda: server.metric("num_requests_waiting") == 1)
        status, headers, got = server.post("/v1/completions", COMPLETE)
        assert status == 429 and int(headers["Retry-After"]) > 0 and got["error"]["code"] == "queue_full", got
        running.close()
        waiting.close()
        server.wait_for(lambda: server.post("/v1/completions", COMPLETE)[0] == 200)


def a_stop_lets_what_runs_end():
    with serving("--model", MODEL) as server:
        body = json.dumps({**COMPLETE, "max_tokens": 400, "ignore_eos": True, "stream": True}).encode()
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        with server.connect() as connection, server.connect() as idle:
            connection.sendall(head + body)
            answer = connection.recv(65536)
            server.process.terminate()
            while part := connection.recv(65536):
                answer += part
            assert answer.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"), answer[-200:]
            assert idle.recv(1) == b""
        assert server.process.wait(timeout=60) == 0
        try:
            server.connect()
            raise AssertionError("a stopped server takes connections")
        except ConnectionRefusedError:
            pass
        server.reader.join(timeout=60)
        log = [json.loads(line) for line in server.log if line.startswith("{")]
        assert [entry["status"] for entry in log if entry["path"] == "/v1/completions"] == [200]
        assert log[-1]["completion_tokens"] == "400", log[-1]
        # `serving` asserts that the server still runs; here it must not.
        server.process.poll = lambda: None


def keys_and_origins():
    with open("keys", "w") as file:
        file.write("sesame\nsecond\n")
    with serving("--model", MODEL, "--api-key-file", "keys", "--cors-origin", "http://here.example") as server:
        assert server.get("/health")[0] == 200
        for path in ("/", "/page.js", "/v1/models", "/metrics", "/card", "/tokenizer_info", "/nowhere"):
            status, headers, _ = server.get(path)
            assert status == 401 and headers["WWW-Authenticate"], path
        for path in ("/v1/completions", "/v1/chat/completions", "/tokenize", "/detokenize", "//v1/completions"):
            assert server.post(path, {})[0] == 401, path
        for key in ("Bearer sesam", "Bearer sesamee", "Bearer ", "Bearer", "sesame", "Basic sesame", "Basic eDpub3Bl", ""):
            assert server.get("/v1/models", Authorization=key)[0] == 401, key
        for key in ("Bearer sesame", "Bearer second", "Basic eDpzZXNhbWU="):  # x:sesame
            assert server.get("/v1/models", Authorization=key)[0] == 200, key
        status, headers, _ = server.call("OPTIONS", "/v1/models", headers={"Origin": "http://here.example"})
        assert status == 204 and headers["Access-Control-Allow-Origin"] == "http://here.example"
        assert "Authorization" in headers["Access-Control-Allow-Headers"] and "X-Conversation" in headers["Access-Control-Allow-Headers"]
        cookies = {server.get("/", Authorization="Bearer sesame")[1]["Set-Cookie"].split(";")[0] for _ in range(2)}
        assert len(cookies) == 2 and all(c.startswith("jet_conversation=") for c in cookies)
        assert server.get("/", Authorization="Bearer sesame", Cookie=cookies.pop())[1]["Set-Cookie"] is None
        assert server.call("OPTIONS", "/v1/models", headers={"Origin": "http://there.example"})[1]["Access-Control-Allow-Origin"] is None


def names_that_it_is_asked_by():
    with serving("--model", MODEL, "--allow-host", "jet.example") as server:
        for host in ("localhost", f"localhost:{server.port}", f"127.0.0.1:{server.port}", "[::1]:5", "Jet.Example"):
            assert server.get("/health", Host=host)[0] == server.post("/v1/completions", COMPLETE, Host=host)[0] == 200, host
        for host in ("evil.example", f"evil.example:{server.port}", "localhost.evil.example", "127.0.0.1.evil.example"):
            for status, _, got in (server.get("/", Host=host), server.get("/health", Host=host), server.post("/v1/completions", COMPLETE, Host=host),
                                   server.call("OPTIONS", "/v1/completions", headers={"Host": host})):
                assert status == 403 and got["error"]["code"] == "host_not_allowed" and host in got["error"]["message"], (host, status, got)
        for data, wanted in ((b"GET /health HTTP/1.1\r\n\r\n", 400), (b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
                             (b"GET /health HTTP/1.0\r\n\r\n", 200)):
            assert status_of(raw(server, data)) == wanted, data
    with serving("--model", MODEL, "--host", "0.0.0.0") as server:
        assert server.get("/health", Host="any.example")[0] == 200


def two_models_by_name():
    with serving("--model", f"one={MODEL}", "--model", f"two={MODEL}") as server:
        assert [m["id"] for m in server.get("/v1/models")[2]["data"]] == ["one", "two"]
        assert server.get("/v1/models/two")[2]["id"] == "two" and server.get("/v1/models/three")[0] == 404
        assert server.post("/v1/completions", COMPLETE)[2]["error"]["param"] == "model"
        texts = [server.post("/v1/completions", {**COMPLETE, "model": name})[2]["choices"][0]["text"] for name in ("one", "two")]
        assert texts[0] == texts[1]
        assert [c["id"] for c in server.get("/card")[2]] == ["one", "two"]


run_tests([answers_are_those_of_generate, several_prompts_and_answers, log_probabilities_are_exact, tokens_are_favoured_and_penalised, the_best_is_chosen,
           json_is_kept_to, tools_are_called,
           turns_are_not_computed_again, tokens_go_and_come, wrong_requests_are_named,
           malformed_http_is_refused, a_connection_is_used_again, clients_that_vanish_free_their_places, many_clients_at_once, a_full_queue_is_said,
           a_stop_lets_what_runs_end, keys_and_origins, names_that_it_is_asked_by, two_models_by_name])
