#!/usr/bin/env python3
"""Load on a server over loopback: jet serve, or llama-server beside it (tools/bench_llama.py builds llama.cpp).

    tools/bench_server.py MODEL.gguf --program build/release/apps/jet/jet  [--out runs.jsonl] [--concurrency 1 2 4 ...]
    tools/bench_server.py MODEL.gguf --program build/llama/build/bin/llama-server ...

Starts the program with places for 8 requests. At each concurrency so many clients ask for streamed completions, one after
the other, max(16, concurrency) requests in all: a prompt of 128 random token ids, no two alike, and 32 greedy tokens, the
end token ignored. Prints, and appends to --out as a line of JSON, requests and tokens a second, and the 50th, 95th and 99th
percentile of the time to the first event and between two events of a stream.
"""
import argparse
import asyncio
import json
import pathlib
import random
import socket
import subprocess
import time

PROMPT, DECODE, PLACES, CONTEXT = 128, 32, 8, 256
FIRST_ID, LAST_ID = 1000, 40000  # of ordinary tokens
LEVELS = [1, 2, 4, 8, 16, 32, 64]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def command(program, model, threads, port):
    if "llama" in pathlib.Path(program).name:
        return [program, "-m", model, "-t", threads, "-tb", threads, "-np", PLACES, "-cb", "-c", PLACES * CONTEXT, "--port", port,
                "--cache-ram", 0, "--log-disable"]
    return [program, "serve", "--model", model, "--threads", threads, "--max-sequences", PLACES, "--context-length", CONTEXT,
            "--port", port, "--no-access-log"]


async def ask(port, prompt, result):
    """One request: when it was sent, and when each event came."""
    body = json.dumps({"prompt": prompt, "max_tokens": DECODE, "temperature": 0, "ignore_eos": True, "stream": True}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begin = time.perf_counter()
    writer.write(b"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
                 b"Content-Length: %d\r\n\r\n" % len(body) + body)
    events, last = [], ""
    while line := await reader.readline():
        if line.startswith(b"data: {"):
            events.append(time.perf_counter())
            last = line.decode()
    writer.close()
    choices = json.loads(last[6:])["choices"]
    assert choices and choices[0]["finish_reason"] == "length", last
    # The last event tells the end; it holds no token.
    result["first"].append(events[0] - begin)
    result["between"] += [b - a for a, b in zip(events, events[1:-1])]


async def load(port, concurrency, seed):
    chance = random.Random(seed)
    prompts = [[chance.randint(FIRST_ID, LAST_ID) for _ in range(PROMPT)] for _ in range(max(16, concurrency))]
    count, result = len(prompts), {"first": [], "between": []}

    async def client():
        while prompts:
            await ask(port, prompts.pop(), result)

    begin = time.perf_counter()
    await asyncio.gather(*[client() for _ in range(concurrency)])
    return count / (time.perf_counter() - begin), result


def percentiles(values):
    ordered = sorted(values)
    return {f"p{p}": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 1) for p in (50, 95, 99)}


def wait_for(port, process):
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if b" 200 " in connection.recv(100):
                    return
        except OSError:
            pass
        assert process.poll() is None, "the server ended"
        time.sleep(0.1)
    raise SystemExit("error: the server does not answer")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--program", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--concurrency", type=int, nargs="+", default=LEVELS)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    port = free_port()
    process = subprocess.Popen([str(part) for part in command(options.program, options.model, options.threads, port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        asyncio.run(load(port, 2, 0))  # warm
        for concurrency in options.concurrency:
            rate, result = asyncio.run(load(port, concurrency, concurrency))
            line = {"program": pathlib.Path(options.program).name, "concurrency": concurrency, "requests_per_second": round(rate, 3),
                    "tokens_per_second": round(rate * DECODE, 1), "first_ms": percentiles(result["first"]), "between_ms": percentiles(result["between"])}
            print(json.dumps(line), flush=True)
            if options.out:
                with options.out.open("a") as file:
                    file.write(json.dumps(line) + "\n")
    finally:
        process.terminate()
        process.wait()


main()
