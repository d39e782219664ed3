"""What a chat answer is held to: JSON of a schema, calls of tools."""
import json
import pathlib
import shutil

from server import run_tests, serving
from tiny import CHAT, MODEL, folder, tool


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


run_tests([json_is_kept_to, tools_are_called])
