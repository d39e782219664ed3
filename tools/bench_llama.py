#!/usr/bin/env python3
"""Speed beside llama.cpp, in one go: the same file, the same threads, one program after the other.

    tools/bench_llama.py [--threads 2] [--build build/llama] MODEL.gguf...

llama.cpp is built once, natively and in release mode, from the source package of llama-cpp-python on PyPI (version below);
its own llama-bench runs with flash attention off and on, the better is taken; both sides give medians of five runs. Prints
a table in Markdown: tokens a second of both and the ratio for a prompt of 512, decoding 128 tokens from an empty context
and from 2,000 tokens.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tarfile

VERSION = "0.3.36"  # of llama-cpp-python
OPTIONS = ["-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON", "-DGGML_CCACHE=OFF", "-DLLAMA_BUILD_TESTS=OFF",
           "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_BUILD_SERVER=OFF", "-DLLAMA_BUILD_APP=OFF", "-DLLAMA_OPENSSL=OFF",
           "-DLLAMA_BUILD_UI=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF"]
PROMPT, DECODE, DEPTH = 512, 128, 2000
RUNS = 5


def run(*command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def build(folder):
    bench = folder / "build/bin/llama-bench"
    if bench.exists():
        return bench
    print(f"building llama.cpp of llama-cpp-python {VERSION} in {folder}: some minutes", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"llama_cpp_python-{VERSION}"
    if not (folder / f"{name}.tar.gz").exists():
        run("python3", "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", folder,
            f"llama-cpp-python=={VERSION}")
    with tarfile.open(folder / f"{name}.tar.gz") as archive:
        archive.extractall(folder)
    run("cmake", "-S", folder / name / "vendor/llama.cpp", "-B", folder / "build", "-G", "Ninja", *OPTIONS)
    run("cmake", "--build", folder / "build", "--target", "llama-bench")
    return bench


def llama(bench, model, threads):
    """The median tokens a second, with flash attention off or on, whichever is more."""
    best = {}
    for depth, prompt, decode in ((0, PROMPT, 0), (0, 0, DECODE), (DEPTH, 0, DECODE)):
        out = json.loads(run(bench, "-m", model, "-t", threads, "-p", prompt, "-n", decode, "-d", depth, "-fa", "0,1",
                             "-r", RUNS, "-o", "json"))
        best["prefill" if prompt else f"decode at {depth}"] = max(statistics.median(each["samples_ts"]) for each in out)
    return best


def jet(program, model, threads):
    def lines(*options):
        out = run(program, "bench", "--model", model, "--threads", threads, "--json", *options)
        return [json.loads(line) for line in out.splitlines()]

    samples = {}
    for _ in range(RUNS):
        for each in lines("--prompt-length", PROMPT, "--context", 0, DEPTH, "--decode", DECODE, "--synthetic-state"):
            if each["prompt_length"] == PROMPT:
                samples.setdefault("prefill", []).append(each["prefill_tokens_per_second"])
            else:
                samples.setdefault(f"decode at {each['context']}", []).append(each["decode_tokens_per_second"])
    return {what: statistics.median(values) for what, values in samples.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/llama"))
    parser.add_argument("--jet", default="build/release/apps/jet/jet")
    options = parser.parse_args()
    bench = build(options.build)
    print(f"| {options.threads} threads, tokens/s | case | llama.cpp | jet | ratio |\n|---|---|---|---|---|", flush=True)
    for model in options.models:
        theirs = llama(bench, model, options.threads)
        ours = jet(options.jet, model, options.threads)
        for case, rate in theirs.items():
            print(f"| {pathlib.Path(model).name} | {case} | {rate:.1f} | {ours[case]:.1f} | {ours[case] / rate:.2f} |",
                  flush=True)


if __name__ == "__main__":
    main()
