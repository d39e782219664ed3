#!/usr/bin/env python3
"""Renders the templates under text/testdata with transformers and keeps what it says, for text/jinja's tests.

    pip install transformers jinja2
    tools/make_jinja_cases.py

jinja_cases.json: small templates that share variables, one feature each.
jinja_chats.json: conversations; each is rendered by every template in chat/*.jinja.

To add a case write its template, or a conversation, without output and run this. A case that fails in Python gets an
"error", of which the tests ask only that the interpreter fails too.
"""
import datetime
import json
import pathlib

from transformers.utils import chat_template_utils

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "text" / "testdata"
SHARED = ROOT.parent / "shared"  # templates that are not ours stay there
SHARED_TEMPLATES = ["tokenizer/qwen2/chat_template.jinja"]


def render(template, clock, messages, tools=None, add_generation_prompt=True, **variables):
    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.fromisoformat(clock)

    chat_template_utils.datetime = Clock
    try:
        rendered, _ = chat_template_utils.render_jinja_template(
            conversations=[messages], tools=tools, chat_template=template,
            add_generation_prompt=add_generation_prompt, **variables)
        if " at 0x" in rendered[0]:
            return {"error": "prints an address"}
        return {"output": rendered[0]}
    except Exception as error:  # whatever stops Python must stop the interpreter
        return {"error": f"{type(error).__name__}: {str(error)[:100]}"}


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def make_cases():
    path = DATA / "jinja_cases.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    for i, case in enumerate(data["cases"]):
        template = case["template"]
        data["cases"][i] = {"template": template} | render(
            template, data["clock"], data["messages"], **data["variables"])
    write(path, data)
    errors = sum("error" in case for case in data["cases"])
    print(f"{path.name}: {len(data['cases'])} cases, {errors} of them fail")


def make_chats():
    path = DATA / "jinja_chats.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["cases"] = []
    templates = [(file, {"template": file.name}) for file in sorted((DATA / "chat").glob("*.jinja"))]
    templates += [(SHARED / name, {"template": name, "shared": True}) for name in SHARED_TEMPLATES]
    for file, names in templates:
        source = file.read_text(encoding="utf-8")
        for conversation, variables in data["conversations"].items():
            for prompt in (False, True):
                result = render(source, data["clock"], add_generation_prompt=prompt, **data["variables"], **variables)
                data["cases"].append(names | {"conversation": conversation, "prompt": prompt} | result)
    write(path, data)
    errors = sum("error" in case for case in data["cases"])
    print(f"{path.name}: {len(data['cases'])} cases, {errors} of them fail")


if __name__ == "__main__":
    make_cases()
    make_chats()
