#!/usr/bin/env python3
"""Makes tests/data/generation.json: what Hugging Face transformers generates on the tiny checkpoints.

    pip install torch transformers safetensors
    tools/make_generation_vectors.py tests/data

The checkpoints' mathematics is written out below over whole sequences, without a cache, so that transformers'
GenerationMixin can drive it; the script first shows that it gives the recorded logits. A case is kept only when the
tokens are the same with three different noises of 1e-4 on all logits: ten times what two float32 implementations
differ by, so that no decision in it is nearer than rounding."""
import json
import math
import sys

import torch
from safetensors.torch import load_file
from transformers import GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.generation import logits_process as processors
from transformers.modeling_outputs import CausalLMOutput

NOISE = 1e-4


class Tiny:
    """The tiny checkpoints in float64, whole sequences at a time."""

    def __init__(self, folder):
        self.config = json.load(open(f"{folder}/config.json"))
        self.w = {name: tensor.double() for name, tensor in load_file(f"{folder}/model.safetensors").items()}

    def norm(self, x, weight, eps):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight

    def attention(self, p, x, window):
        c, tokens = self.config, x.shape[0]
        heads, groups, d = c["num_attention_heads"], c["num_key_value_heads"], c["hidden_size"] // c["num_attention_heads"]
        q, k, v = ((x @ self.w[p + f"{n}_proj.weight"].T + self.w[p + f"{n}_proj.bias"]).view(tokens, -1, d) for n in "qkv")
        angles = torch.arange(tokens).double()[:, None] * c["rope_theta"] ** (-torch.arange(0, d, 2).double() / d)
        cos, sin = angles.cos()[:, None], angles.sin()[:, None]

        def rope(z):
            a, b = z[..., : d // 2], z[..., d // 2 :]
            return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)

        q, k = rope(q), rope(k).repeat_interleave(heads // groups, 1)
        v = v.repeat_interleave(heads // groups, 1)
        scores = torch.einsum("thd,jhd->htj", q, k) / math.sqrt(d)
        gap = torch.arange(tokens)[:, None] - torch.arange(tokens)[None]
        hidden = (gap < 0) | (gap >= (window or tokens))
        y = torch.einsum("htj,jhd->thd", scores.masked_fill(hidden, -math.inf).softmax(-1), v)
        return y.reshape(tokens, -1) @ self.w[p + "o_proj.weight"].T

    def jet(self, p, x):
        c, tokens, silu = self.config["efficient_attention_config"]["jet"], x.shape[0], torch.nn.functional.silu
        heads, keys, taps = c["num_heads"], c["head_dim"], c["conv_size"]
        values = round(keys * c["expand_v"])
        project = lambda name: x @ self.w[p + name + ".weight"].T
        unit = lambda z: z * torch.rsqrt(z.pow(2).sum(-1, keepdim=True) + 1e-6)
        q = unit(silu(project("q_proj")).view(tokens, heads, keys)) * keys**-0.5
        k = unit(silu(project("k_proj")).view(tokens, heads, keys))
        generator = p + "dynamic_conv1d.kernel_generator."
        kernel = silu(x @ self.w[generator + "w1.weight"].T) @ self.w[generator + "w2.weight"].T + self.w[generator + "w2.bias"]
        u = torch.cat((torch.zeros(taps - 1, heads * values).double(), project("v_proj")))
        v = silu(sum(kernel.view(tokens, -1, taps)[:, :, i] * u[i : i + tokens] for i in range(taps)))
        v = v.view(tokens, heads, values)
        beta = project("b_proj").sigmoid()
        g = -self.w[p + "A_log"].exp() * torch.nn.functional.softplus(project("a_proj") + self.w[p + "dt_bias"])
        state, out = torch.zeros(heads, keys, values).double(), []
        for t in range(tokens):
            state = state * g[t].exp()[:, None, None]
            error = v[t] - torch.einsum("hkv,hk->hv", state, k[t])
            state = state + torch.einsum("hk,hv->hkv", k[t], beta[t][:, None] * error)
            out.append(torch.einsum("hkv,hk->hv", state, q[t]))
        y = self.norm(torch.stack(out), self.w[p + "o_norm.weight"], float(c["norm_eps"]))
        y = y.reshape(tokens, -1) * silu(project("g_proj"))
        return y @ self.w[p + "o_proj.weight"].T

    def logits(self, ids):
        """[T] ids -> [T, vocabulary]"""
        c, w = self.config, self.w
        x = w["model.embed_tokens.weight"][ids]
        for i, kind in enumerate(c["layer_types"]):
            p = f"model.layers.{i}."
            y = self.norm(x, w[p + "input_layernorm.weight"], c["rms_norm_eps"])
            window = c["efficient_attention_config"]["swa"]["window_size"] if kind == "swa" else 0
            x = x + (self.jet(p + "self_attn.", y) if kind == "jet" else self.attention(p + "self_attn.", y, window))
            y = self.norm(x, w[p + "post_attention_layernorm.weight"], c["rms_norm_eps"])
            gate = torch.nn.functional.silu(y @ w[p + "mlp.gate_proj.weight"].T)
            x = x + (gate * (y @ w[p + "mlp.up_proj.weight"].T)) @ w[p + "mlp.down_proj.weight"].T
        x = self.norm(x, w["model.norm.weight"], c["rms_norm_eps"])
        return x @ w[("model.embed_tokens" if c["tie_word_embeddings"] else "lm_head") + ".weight"].T


class Driven(PreTrainedModel, GenerationMixin):
    """What transformers' generate sees: logits by prefix, remembered; `distort` changes them."""

    config_class = PretrainedConfig
    main_input_name = "input_ids"

    def __init__(self, tiny):
        super().__init__(PretrainedConfig(vocab_size=tiny.config["vocab_size"], eos_token_id=1, pad_token_id=0))
        self.tiny, self.known = tiny, {}
        self.anchor = torch.nn.Parameter(torch.zeros(1))
        self.distort = lambda prefix, logits: logits

    def last(self, ids):
        prefix = tuple(ids.tolist())
        if prefix not in self.known:
            self.known[prefix] = self.tiny.logits(ids)[-1]
        return self.distort(prefix, self.known[prefix])

    def forward(self, input_ids, attention_mask=None, **_):
        return CausalLMOutput(logits=torch.stack([self.last(ids) for ids in input_ids])[:, None])

    def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **_):
        return {"input_ids": input_ids}


def noisy(seed):
    def distort(prefix, logits):
        generator = torch.Generator().manual_seed(hash((seed, prefix)) % 2**31)
        return (logits + NOISE * torch.randn(logits.shape, generator=generator).double()).float()

    return distort


class EndBias(processors.LogitsProcessor):
    """Random checkpoints hardly ever end a text: a caller's processor makes their end token compete."""

    def __init__(self, bias):
        self.bias = bias

    def __call__(self, input_ids, scores):
        scores = scores.clone()
        scores[:, 1] += self.bias
        return scores


def generate(model, prompt, settings, bias):
    config = GenerationConfig(
        **settings, do_sample=False, eos_token_id=1, pad_token_id=0, use_cache=False, return_dict_in_generate=True, output_scores=True,
    )
    with torch.no_grad():
        result = model.generate(
            torch.tensor([prompt]), generation_config=config, attention_mask=torch.ones(1, len(prompt)),
            logits_processor=processors.LogitsProcessorList([EndBias(bias)]))
    answers = []
    for sequence in result.sequences.tolist():
        ids = sequence[len(prompt) :]
        answers.append(ids[: ids.index(1) + 1] if 1 in ids else ids)
    return answers, None if result.get("sequences_scores") is None else result.sequences_scores.tolist()


def search_settings(random):
    choice = lambda *values: values[torch.randint(len(values), (1,), generator=random).item()]
    settings = {"max_new_tokens": choice(1, 4, 10, 16)}
    if choice(True, True, True, False):
        beams = choice(2, 3, 4, 6)
        settings |= {"num_beams": beams, "num_return_sequences": choice(1, 2, beams),
                     "length_penalty": choice(-1.0, 0.0, 0.5, 1.0, 2.0), "early_stopping": choice(False, True, "never")}
        settings["num_return_sequences"] = min(settings["num_return_sequences"], beams)
    if choice(True, False):
        settings["repetition_penalty"] = choice(0.8, 1.1, 1.5)
    if choice(True, False):
        settings["no_repeat_ngram_size"] = choice(1, 2, 3)
    if choice(True, False, False):
        settings["min_new_tokens"] = choice(2, 6)
    if choice(True, False, False):
        settings["suppress_tokens"] = torch.randperm(90, generator=random)[:5].tolist()
    if choice(True, False, False):
        settings["bad_words_ids"] = [[i] for i in torch.randperm(90, generator=random)[:4].tolist()] + [[3, 5], [1]]
    return settings


def searches(folder, name, count):
    tiny = Tiny(f"{folder}/{name}")
    expected = load_file(f"{folder}/{name}/expected.safetensors")
    own = torch.stack([tiny.logits(ids.long()) for ids in expected["prompt"]])
    assert (own - expected["prefill_logits"].double()).abs().max() < 3e-5, "the mathematics differ from the fixture"
    model = Driven(tiny).eval()
    cases, dropped, seed = [], 0, 0
    while len(cases) < count:
        random = torch.Generator().manual_seed(seed)
        prompt = torch.randint(2, tiny.config["vocab_size"], (3 + seed % 9,), generator=random).tolist()
        settings, bias = search_settings(random), 1.5 * (seed % 5)
        seed += 1

        runs = []
        for distort in [lambda _, z: z.float()] + [noisy(i) for i in range(3)]:
            model.distort = distort
            runs.append(generate(model, prompt, settings, bias))
        if any(run[0] != runs[0][0] for run in runs):
            dropped += 1
            continue
        answers, scores = runs[0]
        cases.append({"model": name, "prompt": prompt, "end_bias": bias, "settings": settings, "answers": answers, "scores": scores})
    print(f"{name}: {len(cases)} searches kept, {dropped} of {seed} nearer than rounding", file=sys.stderr)
    return cases


def filters(count):
    """Rows of scores and what the samplers' warpers leave of them, in transformers' order."""
    cases = []
    for seed in range(count):
        random = torch.Generator().manual_seed(1000 + seed)
        choice = lambda *values: values[torch.randint(len(values), (1,), generator=random).item()]
        scores = (torch.randn(24, generator=random) * choice(0.5, 2.0, 6.0) * 256).round() / 256
        keep = choice(1, 1, 2, 3)
        settings = {"temperature": choice(1.0, 0.5, 2.0)}
        for name, values in {"top_k": (1, 5, 12), "top_p": (0.1, 0.6, 0.95), "min_p": (0.02, 0.2, 0.9),
                             "typical_p": (0.2, 0.6, 0.95), "epsilon_cutoff": (0.01, 0.1), "eta_cutoff": (0.02, 0.3)}.items():
            if choice(True, False, False):
                settings[name] = choice(*values)
        warpers = [processors.TemperatureLogitsWarper(settings["temperature"])]
        kinds = {"top_k": processors.TopKLogitsWarper, "top_p": processors.TopPLogitsWarper, "min_p": processors.MinPLogitsWarper,
                 "typical_p": processors.TypicalLogitsWarper, "epsilon_cutoff": processors.EpsilonLogitsWarper,
                 "eta_cutoff": processors.EtaLogitsWarper}
        warpers += [kinds[name](settings[name], min_tokens_to_keep=keep) for name in kinds if name in settings]

        def kept(row):
            for warper in warpers:
                row = warper(None, row)
            return [i for i, score in enumerate(row[0].tolist()) if score > -math.inf], row[0].tolist()

        ids, row = kept(scores[None])
        noise = [scores[None] + NOISE * torch.randn(1, 24, generator=random) for _ in range(3)]
        if any(kept(each)[0] != ids for each in noise):
            continue
        cases.append({"scores": scores.tolist(), "keep": keep, "settings": settings, "kept": {str(i): row[i] for i in ids}})
    print(f"{len(cases)} of {count} rows kept", file=sys.stderr)
    return cases


def main():
    folder = sys.argv[1]
    torch.set_num_threads(1)
    found = {"searches": searches(folder, "tiny-tied", 60) + searches(folder, "tiny-untied", 60), "filters": filters(150)}
    with open(f"{folder}/generation.json", "w") as file:
        lines = [json.dumps(case) for case in found["searches"]], [json.dumps(case) for case in found["filters"]]
        file.write('{"searches": [\n' + ",\n".join(lines[0]) + '\n], "filters": [\n' + ",\n".join(lines[1]) + "\n]}\n")


main()
