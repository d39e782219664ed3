"""Load and faults over loopback: soak.py [SECONDS [CLIENTS]]. 1,000 idle connections, 256 streams at once, slow readers,
cut bodies, bad JSON, wrong types, huge prompts and vanishing clients; no wrong answer, and the memory afterwards is that of before."""
import collections
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time

from server import serving, tiny_model

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
CLIENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 16
IDLE, STREAMS = 1000, 256
MODEL = tiny_model(tempfile.mkdtemp(dir="."))
COMPLETE = {"prompt": [5, 6, 7], "max_tokens": 20, "temperature": 0}
counts = collections.Counter()


def head(body, extra=b""):
    return b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + extra + b"Content-Length: %d\r\n\r\n" % len(body)


def read_all(connection):
    data = b""
    while part := connection.recv(65536):
        data += part
    return data


def text_of_stream(data):
    pieces = [json.loads(part.split("\n")[0]) for part in data.decode().split("data: ") if part.startswith("{")]
    return "".join(piece["choices"][0]["text"] for piece in pieces)


def right(server, chance):
    status, _, got = server.post("/v1/completions", COMPLETE)
    assert status == 429 or got["choices"][0]["text"] == wanted, got


def vanishes(server, chance):
    body = json.dumps({**COMPLETE, "max_tokens": 1000, "ignore_eos": True, "stream": True}).encode()
    data = head(body) + body
    with server.connect() as connection:
        connection.sendall(data[:chance.randrange(len(data) + 1)])
        if chance.random() < 0.5:
            time.sleep(chance.random() / 20)


def is_wrong(server, chance):
    body = json.dumps({**COMPLETE, "temperature": 0.5}).encode()
    at = chance.randrange(len(body))
    body = body[:at] + bytes([chance.randrange(256)]) + body[at + 1:]
    status, _, _ = server.call("POST", "/v1/completions", body, {"Content-Type": "application/json"})
    assert status in (200, 400, 404, 429), status


def has_wrong_types(server, chance):
    field = chance.choice(["prompt", "max_tokens", "temperature", "top_k", "n", "best_of", "seed", "stop", "logit_bias", "logprobs",
                           "stream_options", "response_format", "cache_salt", "model"])
    value = chance.choice([-1, 2 ** 70, 1e300, True, "x", "", [], [[]], [None], {}, {"a": [1]}, {"type": "json_schema"}, ["x"] * 200])
    status, _, got = server.post("/v1/completions", {**COMPLETE, field: value})
    assert status in (200, 400, 404, 429), (field, value, status, got)


def is_huge(server, chance):
    status, _, _ = server.post("/v1/completions", {**COMPLETE, "prompt": "word " * chance.randrange(100_000, 1_000_000)})
    assert status in (400, 429), status


def reads_slowly(server, chance):
    body = json.dumps({**COMPLETE, "max_tokens": 200, "ignore_eos": True, "stream": True}).encode()
    with server.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(head(body) + body)
        for _ in range(20):
            connection.recv(64)
            time.sleep(0.01)


def client(server, seed):
    chance = random.Random(seed)
    while time.monotonic() < end:
        do = chance.choice([right, right, vanishes, is_wrong, has_wrong_types, reads_slowly] + [is_huge] * (chance.random() < 0.1))
        try:
            do(server, chance)
        except (ConnectionError, TimeoutError) as error:
            failures.append(f"{do.__name__}: {error!r}")
        except AssertionError as error:
            failures.append(f"{do.__name__}: wrong answer {error}")
        counts[do.__name__] += 1


def resident(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def many_streams(server):
    body = json.dumps({**COMPLETE, "stream": True}).encode()
    streams = [server.connect() for _ in range(STREAMS)]
    for connection in streams:
        connection.sendall(head(body, b"Connection: close\r\n") + body)
    for connection in streams:
        with connection:
            assert text_of_stream(read_all(connection)) == wanted


failures = []
os.environ["MALLOC_ARENA_MAX"] = "1"  # an arena a thread would make what is kept a matter of chance
# States kept for reuse are of a fixed size from the first requests on, so that what grows is not theirs.
with serving("--model", MODEL, "--reuse-memory", "2MB", "--max-queue", STREAMS + CLIENTS, "--no-access-log") as server:
    wanted = server.post("/v1/completions", COMPLETE)[2]["choices"][0]["text"]
    end = time.monotonic() + min(5, SECONDS / 4)
    warm = [threading.Thread(target=client, args=(server, -i - 1)) for i in range(CLIENTS)]
    for thread in warm: thread.start()
    for thread in warm: thread.join()
    many_streams(server)
    huge = [threading.Thread(target=is_huge, args=(server, random)) for _ in range(2 * CLIENTS)]
    for thread in huge: thread.start()
    for thread in huge: thread.join()
    before = resident(server)
    idle = [server.connect() for _ in range(IDLE)]
    begin = time.monotonic()
    assert server.get("/health")[0] == 200
    counts["ms for /health beside idle connections"] = round(1000 * (time.monotonic() - begin))
    end = time.monotonic() + SECONDS
    threads = [threading.Thread(target=client, args=(server, i)) for i in range(CLIENTS)]
    for thread in threads: thread.start()
    many_streams(server)
    for thread in threads: thread.join()
    for connection in idle: connection.close()
    server.wait_for(lambda: server.metric("connections") == 1 and server.metric("num_requests_running") == 0)
    right(server, random)
    after = resident(server)
    print(f"{dict(counts)}; resident {before} kB before, {after} kB after")
    assert not failures, failures[:5]
    if os.environ.get("JET_SOAK_MEMORY") == "instrumented":
        print("resident memory is not compared: ThreadSanitizer keeps a shadow of all that was ever touched")
        sys.exit()
    # The allocator keeps some of what the huge prompts took, in one arena, and does not grow by it.
    assert after < before * 1.3 + 20_000, "memory grew"
