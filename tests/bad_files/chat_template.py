"""Bad chat templates: what does not parse, what does not end, what asks for memory or for what lies outside."""
import json

from run import Case


def repeated(times, head, body, tail):
    return head * times + body + tail * times


def templates():
    """What is wrong, the template, and what the message must say."""
    yield "tag not closed", "{% if", ""
    yield "expression not closed", "{{ 1", ""
    yield "comment not closed", "{# note", ""
    yield "if without end", "{% if true %}x", "endif"
    yield "end without if", "x{% endif %}", "endif"
    yield "unknown tag", "{% none_such %}", "none_such"
    yield "unknown filter", "{{ 1|none_such }}", "none_such"
    yield "unknown test", "{{ 1 is none_such }}", "none_such"
    yield "no expression", "{{ }}", ""
    yield "lonely operator", "{{ 1 + }}", ""
    yield "not UTF-8", b"caf\xe9", "UTF-8"
    yield "text in quotes that are not closed", "{{ 'a }}", ""
    yield "unknown name as a function", "{{ none_such() }}", "none_such"
    yield "field of an unknown name", "{{ none_such.field }}", "none_such"
    yield "raised", "{{ raise_exception('roles must alternate') }}", "roles must alternate"
    yield "brackets 100,000 deep", repeated(100_000, "{{ ", "", "")[:3] + "(" * 100_000, "nested"
    yield "lists 100,000 deep", "{{ " + "[" * 100_000, "nested"
    yield "ifs 100,000 deep", "{% if true %}" * 70_000, "nested"
    yield "not 100,000 times", "{{ " + "not " * 100_000 + "1 }}", "nested"
    yield "minus 100,000 times", "{{ " + "-" * 100_000 + "1 }}", "nested"
    yield "filters 100,000 times", "{{ 1" + "|string" * 100_000 + " }}", ""
    yield "a loop without end", repeated(3, "{% for i in range(100000) %}", "", "{% endfor %}"), "steps"
    yield "a macro that calls itself", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", ""
    yield "a range of 2^60", "{{ range(1152921504606846976)|list }}", ""
    yield "a text of 2^60", "{{ 'a' * 1152921504606846976 }}", ""
    yield "a list of 2^60", "{{ [1] * 1152921504606846976 }}", ""
    yield "a text that doubles", "{% set n = namespace(x='a') %}{% for i in range(64) %}{% set n.x = n.x ~ n.x %}{% endfor %}", ""
    yield "a list that doubles", "{% set n = namespace(x=[1]) %}{% for i in range(64) %}{% set n.x = n.x + n.x %}{% endfor %}", ""
    yield "an output without end", repeated(2, "{% for i in range(100000) %}", "x" * 1000, "{% endfor %}"), "bytes"
    yield "padding of 2^60", "{{ 'a'|indent(1152921504606846976) }}", ""
    yield "centred in 2^60", "{{ 'a'|center(1152921504606846976) }}", ""
    yield "a power of powers", "{{ 9 ** 9 ** 9 }}", ""
    yield "division by zero", "{{ 1 // 0 }}", "zero"
    yield "the least number by -1", "{{ (-9223372036854775807 - 1) // -1 }}", "64 bits"
    yield "a number beyond 64 bits", "{{ 9223372036854775808 }}", "64 bits"
    yield "the class of a text", "{{ ''.__class__.__mro__ }}", "safe"
    yield "the globals of a function", "{{ range.__globals__['os'] }}", "safe"
    yield "a file of the system", "{% include '/etc/passwd' %}", "include"
    yield "a module of the system", "{% import 'os' as os %}", "import"
    yield "changes the messages", "{{ messages.append(1) }}", ""
    yield "a megabyte and one byte", " " * 1_048_577, "1048576"


def cases(make):
    good = make.talker("model")
    for name, template, word in templates():
        model = make.model(good, chat_template_jinja=template)
        yield Case(name, ["chat", "--model", model, "--max-tokens", "1"], [model, "chat template", word], input="hello\n")
    for name, value, word in (("is a number", 3, "chat_template"), ("has no default", [{"name": "x", "template": ""}], "default")):
        config = json.loads((good / "tokenizer_config.json").read_text()) | {"chat_template": value}
        model = make.model(good, tokenizer_config_json=json.dumps(config))
        yield Case(name, ["chat", "--model", model], [model / "tokenizer_config.json", word])
