"""Bad config.json and generation_config.json files: changed from tests/data/tiny-tied's."""
import json

from run import DATA, Case

TINY = DATA / "tiny-tied"
GOOD = json.loads((TINY / "config.json").read_text())
JET = GOOD["efficient_attention_config"]["jet"]


def set_jet(**fields):
    return {"efficient_attention_config": GOOD["efficient_attention_config"] | {"jet": JET | fields}}


def changes():
    """What is wrong, the fields that replace GOOD's, and the field that the message must name."""
    for field in ("hidden_size", "num_attention_heads", "num_hidden_layers", "intermediate_size", "vocab_size"):
        yield f"{field} missing", {field: None}, field
        for value in (0, -1, 1 << 60, 1e300, 2.5, "64", [64], True):
            yield f"{field} of {value}", {field: value}, field
    yield "no family", {"model_type": None}, "model_type"
    yield "unknown family", {"model_type": "gpt9"}, "gpt9"
    yield "family is a number", {"model_type": 3}, "model_type"
    yield "kv heads that do not divide", {"num_key_value_heads": 3}, "num_key_value_heads"
    yield "no kv heads", {"num_key_value_heads": 0}, "num_key_value_heads"
    yield "heads that do not divide", {"num_attention_heads": 6, "num_key_value_heads": 6}, "num_attention_heads"
    yield "odd head width", {"head_dim": 15}, "head_dim"
    yield "head width of 2^60", {"head_dim": 1 << 60}, "head_dim"
    yield "epsilon below zero", {"rms_norm_eps": -1}, "rms_norm_eps"
    yield "epsilon of NaN", {"rms_norm_eps": "nan"}, "rms_norm_eps"
    yield "epsilon in words", {"rms_norm_eps": "small"}, "rms_norm_eps"
    yield "RoPE base of 0", {"rope_theta": 0}, "rope_theta"
    yield "RoPE base below zero", {"rope_theta": -1e4}, "rope_theta"
    yield "unknown RoPE", {"rope_scaling": {"rope_type": "longrope", "factor": 2}}, "longrope"
    yield "RoPE without factor", {"rope_scaling": {"rope_type": "linear"}}, "factor"
    yield "RoPE factor of 0", {"rope_scaling": {"rope_type": "linear", "factor": 0}}, "factor"
    yield "RoPE is a list", {"rope_scaling": [1]}, "rope_scaling"
    yield "RoPE with an unknown field", {"rope_scaling": {"rope_type": "linear", "factor": 2, "mscale": 3}}, "mscale"
    yield "unknown activation", {"hidden_act": "gelu"}, "hidden_act"
    yield "experts", {"num_experts": 8}, "num_experts"
    yield "quantised elsewhere", {"quantization_config": {"bits": 4}}, "quantization_config"
    yield "unknown type", {"torch_dtype": "float8"}, "torch_dtype"
    yield "tied in words", {"tie_word_embeddings": "yes"}, "tie_word_embeddings"
    yield "no layer list", {"layer_types": None}, "layer_types"
    yield "layer list too short", {"layer_types": ["jet"]}, "layer_types"
    yield "layer list of numbers", {"layer_types": [1] * 6}, "layer_types"
    yield "layer list is an object", {"layer_types": {}}, "layer_types"
    yield "unknown mixer", {"layer_types": ["jet"] * 5 + ["rwkv"]}, "rwkv"
    yield "layer list of broken Python", {"layer_types": "['jet', "}, "layer_types"
    yield "layer list of deep Python", {"layer_types": "[" * 10_000}, "layer_types"
    yield "no sections", {"efficient_attention_config": None}, "efficient_attention_config.jet"
    yield "section is a number", {"efficient_attention_config": {"jet": 3}}, "efficient_attention_config.jet"
    yield "unknown section", {"efficient_attention_config": {"jett": {}}}, "jett"
    yield "no window", {"efficient_attention_config": {"jet": JET, "swa": {}}}, "swa.window_size"
    yield "window of 2^60", {"efficient_attention_config": {"jet": JET, "swa": {"window_size": 1 << 60}}}, "swa.window_size"
    yield "window of 0", {"efficient_attention_config": {"jet": JET, "swa": {"window_size": 0}}}, "swa.window_size"
    for field, value in {"num_heads": 0, "head_dim": 1 << 60, "expand_v": "nan", "conv_size": 1 << 40,
                         "dconv_generator_reduction": 0, "norm_eps": "-1", "unknown": 1}.items():
        yield f"jet's {field} of {value}", set_jet(**{field: value}), f"jet.{field}"
    yield "value width of 0", set_jet(expand_v=1e-9), "jet.expand_v"
    yield "value width of 2^60", set_jet(expand_v=1e17), "jet.expand_v"


def texts():
    """Files that are no JSON object."""
    good = json.dumps(GOOD)
    yield "empty", "", "line 1"
    yield "cut short", good[:300], "line 1"
    yield "an array", "[]", "object"
    yield "a number", "3", "object"
    yield "text behind", good + "{}", "line 1"
    yield "nested 100,000 deep", '{"a":' * 100_000, "nested"
    yield "arrays 100,000 deep", '{"a":' + "[" * 100_000, "nested"
    yield "field twice", good[:-1] + ',"vocab_size":3}', "twice"
    yield "not UTF-8", good[:-1].encode() + b',"x":"\xff"}', "UTF-8"
    yield "number beyond doubles", good[:-1] + ',"x":1e999}', "line 1"
    yield "NaN", good[:-1] + ',"x":NaN}', "line 1"
    yield "comment", "/* a comment */" + good, "line 1"
    yield "a zero byte", good + "\0", "line 1"
    yield "null", "null", "object"


def generation():
    yield "temperature in words", '{"temperature": "hot"}', "temperature"
    yield "negative top_k", '{"top_k": -1}', "top_k"
    yield "end token in words", '{"eos_token_id": "end"}', "eos_token_id"
    yield "end tokens nested", '{"eos_token_id": [[1]]}', "eos_token_id"
    yield "end token of 2^40", '{"eos_token_id": 1099511627776}', "eos_token_id"
    yield "sampling in words", '{"do_sample": "yes"}', "do_sample"
    yield "generation config cut short", '{"top_k": ', "line 1"


def cases(make):
    for name, fields, word in changes():
        path = make.file("config.json", json.dumps(GOOD | fields))
        yield Case(name, ["inspect", path], [path, word])
    for name, data, word in texts():
        path = make.file("config.json", data)
        yield Case(name, ["inspect", path], [path, word])
    for name, data, word in generation():
        model = make.model(TINY, generation_config_json=data)
        yield Case(name, ["logits", "--model", model, "--tokens", "1", "--out", "never.safetensors"],
                   [model / "generation_config.json", word])
