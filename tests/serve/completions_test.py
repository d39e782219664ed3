"""Answers over HTTP: those of `jet generate`, log-probabilities, biases, the best of several, turns that go on."""

from server import run_tests, serving
from tiny import CHAT, COMPLETE, IDS, MODEL, generated


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


run_tests([answers_are_those_of_generate, several_prompts_and_answers, log_probabilities_are_exact, tokens_are_favoured_and_penalised,
           the_best_is_chosen, turns_are_not_computed_again])
