"""The `openai` package from PyPI, unmodified, against the server with the small model. JET_SMOLLM2 is its file."""
import asyncio
import json
import os
import subprocess

import openai

from server import JET, run_tests, serving

MODEL = os.environ["JET_SMOLLM2"]
NAME = "SmolLM2-135M-Instruct.Q4_1"
PROMPT = "The capital of France is"


def generated(prompt, tokens):
    out = subprocess.run([JET, "generate", "--model", MODEL, "--prompt", prompt, "--json", "--temperature", "0", "--max-tokens", str(tokens)],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)["text"]


def completions():
    text = generated(PROMPT, 8)
    answer = client.completions.create(model=NAME, prompt=PROMPT, temperature=0, max_tokens=8)
    assert answer.choices[0].text == text and answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 8 and answer.usage.prompt_tokens == 5
    pieces = client.completions.create(model=NAME, prompt=PROMPT, temperature=0, max_tokens=8, stream=True)
    assert "".join(piece.choices[0].text for piece in pieces) == text
    both = client.completions.create(model=NAME, prompt=[PROMPT, "Once"], temperature=0, max_tokens=3)
    assert both.choices[0].text == generated(PROMPT, 3) and both.choices[1].text == generated("Once", 3)
    stopped = client.completions.create(model=NAME, prompt=PROMPT, temperature=0, max_tokens=8, stop=["The"])
    assert stopped.choices[0].finish_reason == "stop" and stopped.choices[0].text == text.split("The")[0]


def chat():
    messages = [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "Say hello."}]
    rendered = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages) + "<|im_start|>assistant\n"
    text = generated(rendered, 12)
    answer = client.chat.completions.create(model=NAME, messages=messages, temperature=0, max_completion_tokens=12)
    assert answer.choices[0].message.content == text, (answer, text)
    stream = client.chat.completions.create(model=NAME, messages=messages, temperature=0, max_tokens=12, stream=True,
                                            stream_options={"include_usage": True})
    said, usage = "", None
    for piece in stream:
        usage = piece.usage or usage
        said += piece.choices[0].delta.content or "" if piece.choices else ""
    assert said == text and usage.completion_tokens == answer.usage.completion_tokens


def models_and_errors():
    assert [model.id for model in client.models.list()] == [NAME]
    assert client.models.retrieve(NAME).id == NAME
    for wanted, call in [
        (openai.NotFoundError, lambda: client.completions.create(model="other", prompt="x")),
        (openai.BadRequestError, lambda: client.completions.create(model=NAME, prompt="x", temperature=-1)),
        (openai.BadRequestError, lambda: client.chat.completions.create(model=NAME, messages=[])),
        (openai.AuthenticationError, lambda: client.with_options(api_key="wrong").models.list()),
    ]:
        try:
            call()
            raise AssertionError(f"expected {wanted}")
        except wanted as error:
            assert error.body["message"]


def many_at_once():
    text = generated(PROMPT, 4)

    async def ask():
        async with openai.AsyncOpenAI(base_url=server.url + "/v1", api_key="sesame", max_retries=0) as many:
            return await asyncio.gather(*[many.completions.create(model=NAME, prompt=PROMPT, temperature=0, max_tokens=4) for _ in range(16)])

    assert {answer.choices[0].text for answer in asyncio.run(ask())} == {text}


with open("keys", "w") as file:
    file.write("sesame\n")
with serving("--model", MODEL, "--context-length", 512, "--api-key-file", "keys") as server:
    client = openai.OpenAI(base_url=server.url + "/v1", api_key="sesame", max_retries=0)
    run_tests([completions, chat, models_and_errors, many_at_once])
