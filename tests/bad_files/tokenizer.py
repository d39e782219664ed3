"""Bad tokenizer.json and tokenizer_config.json files: changed from tests/data/tokenizer-512's."""
import copy
import json

from run import DATA, Case

SOURCE = DATA / "tokenizer-512"
GOOD = json.loads((SOURCE / "tokenizer.json").read_text())


def with_field(path, value):
    """GOOD with the field at a path such as "model.vocab" replaced; a value of None removes it."""
    changed = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = changed
    for key in parents:
        place = place[int(key) if isinstance(place, list) else key]
    if value is None:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return json.dumps(changed)


def fields():
    """The path of a field, its bad value, and what the message must name."""
    vocabulary = GOOD["model"]["vocab"]
    word = next(w for w, i in vocabulary.items() if i == 300)
    yield "model", None, "model"
    yield "model", [], "model"
    yield "model.type", "Unigram", "model.type"
    yield "model.type", "WordPiece", "model.type"
    yield "model.vocab", None, "vocab"
    yield "model.vocab", {}, "vocab"
    yield "model.vocab", [["a", 0]], "model.vocab"
    yield "model.vocab", vocabulary | {word: -1}, "model.vocab"
    yield "model.vocab", vocabulary | {word: 1 << 60}, "model.vocab"
    yield "model.vocab", vocabulary | {word: 2**31}, "model.vocab"
    yield "model.vocab", vocabulary | {word: 1.5}, "model.vocab"
    yield "model.vocab", vocabulary | {word: "300"}, "model.vocab"
    yield "model.vocab", vocabulary | {word: 301}, "301"
    yield "model.vocab", vocabulary | {word: 100_000_000}, "model.vocab"
    yield "model.vocab", vocabulary | {"": 512}, "empty"
    yield "model.merges", None, "merges"
    yield "model.merges", {}, "model.merges"
    yield "model.merges", ["a"], "model.merges[0]"
    yield "model.merges", ["a b c"], "model.merges[0]"
    yield "model.merges", [["a", "b", "c"]], "model.merges[0]"
    yield "model.merges", [["a", 1]], "model.merges[0]"
    yield "model.merges", [["none-such", "a"]], "merge"
    yield "model.merges", [["a", "a"], ["zz", "zz"]], "merge"
    yield "model.byte_fallback", True, "model.byte_fallback"
    yield "model.dropout", 0.5, "model.dropout"
    yield "model.end_of_word_suffix", "</w>", "model.end_of_word_suffix"
    yield "model.unknown_option", True, "model.unknown_option"
    yield "unknown_part", {}, "unknown_part"
    yield "added_tokens", {}, "added_tokens"
    yield "added_tokens", [3], "added_tokens"
    yield "added_tokens.0.id", -1, "added_tokens[0]"
    yield "added_tokens.0.id", 1 << 60, "added_tokens[0]"
    yield "added_tokens.0.id", 5, "added_tokens"
    yield "added_tokens.0.content", "", "added_tokens[0].content"
    yield "added_tokens.0.content", 7, "added_tokens[0].content"
    yield "added_tokens.0.special", "yes", "added_tokens[0].special"
    yield "normalizer", {"type": "Lowercase"}, "normalizer"
    yield "normalizer", {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Strip"}]}, "normalizer"
    yield "pre_tokenizer", {"type": "Whitespace"}, "pre_tokenizer"
    yield "pre_tokenizer", {"type": "Sequence", "pretokenizers": []}, "pre_tokenizer"
    yield "pre_tokenizer", {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}, "pre_tokenizer"
    yield "decoder", {"type": "Metaspace"}, "decoder"
    yield "post_processor", {"type": "RobertaProcessing"}, "post_processor"


def texts():
    good = json.dumps(GOOD)
    yield "empty", "", "line 1"
    yield "cut short", good[:len(good) // 2], "line 1"
    yield "an array", "[]", "object"
    yield "nested 100,000 deep", '{"model":' * 100_000, "nested"
    yield "arrays 100,000 deep", '{"model":' + "[" * 100_000, "nested"
    yield "field twice", good[:-1] + ',"version":"1.0"}', "twice"
    yield "not UTF-8", good[:-1].encode() + b',"x":"\xc3"}', "UTF-8"
    yield "half a surrogate pair", good.replace('"version": "1.0"', '"version": "\\ud800"'), "line 1"


def configs():
    """tokenizer_config.json."""
    yield "cut short", '{"eos_token": ', "line 1"
    yield "an array", "[]", "object"
    yield "end token unknown", '{"eos_token": "</s>"}', "eos_token"
    yield "end token is a number", '{"eos_token": 4}', "eos_token"
    yield "added token of a negative id", '{"added_tokens_decoder": {"-1": {"content": "x"}}}', "added_tokens_decoder"
    yield "added token of id 2^60", '{"added_tokens_decoder": {"1152921504606846976": {"content": "x"}}}', "added_tokens_decoder"


def cases(make):
    def tokenize(model):
        return ["tokenize", "--model", model, "some text"]

    for path, value, word in fields():
        model = make.model(SOURCE, tokenizer_json=with_field(path, value))
        yield Case(f"{path}: {json.dumps(value)[:60]}", tokenize(model), [model, word])
    for name, data, word in texts():
        model = make.model(SOURCE, tokenizer_json=data)
        yield Case(name, tokenize(model), [model / "tokenizer.json", word])
    for name, data, word in configs():
        model = make.model(SOURCE, tokenizer_config_json=data)
        yield Case("tokenizer_config.json: " + name, tokenize(model), ["tokenizer_config.json", word])
