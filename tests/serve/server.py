"""Starts `jet serve` on a free port for a test, and speaks HTTP with it. JET is the program."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent / "data"
JET = os.environ["JET"]
PATIENCE = 120  # seconds that anything may take on a busy machine under sanitizers


def tiny_model(folder, seed=1):
    """A hybrid of random weights with a tokenizer of 512 tokens and a chat template."""
    config = json.loads((DATA / "tiny-tied" / "config.json").read_text())
    config.update(vocab_size=512, bos_token_id=None, eos_token_id=None, max_position_embeddings=2048)
    folder = pathlib.Path(folder)
    (folder / "small.json").write_text(json.dumps(config))
    model = folder / "tiny"
    subprocess.run([JET, "convert", "--random-init", "--config", folder / "small.json", "--seed", str(seed), model], check=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (model / name).write_bytes((DATA / "tokenizer-512" / name).read_bytes())
    return str(model)


class Server:
    def __init__(self, *arguments, preexec=None):
        self.process = subprocess.Popen([JET, "serve", "--port", "0", *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=preexec)
        self.log = []
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        line = self.process.stdout.readline()
        assert line.startswith(("http://127.0.0.1:", "http://0.0.0.0:")), f"no address: {line!r} {''.join(self.log)}"
        self.port = int(line.split(":")[2].strip("/\n"))
        self.url = line.strip().rstrip("/")

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        return connection

    def call(self, method, path, body=None, headers=None):
        """(status, headers, parsed JSON or text)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        kind = answer.getheader("Content-Type") or ""
        return answer.status, answer.headers, json.loads(text) if kind == "application/json" and text else text

    def post(self, path, body, **headers):
        return self.call("POST", path, body, headers)

    def get(self, path, **headers):
        return self.call("GET", path, None, headers)

    def events(self, path, body):
        """The events of a stream, parsed; the last is "[DONE]"."""
        status, headers, text = self.post(path, {**body, "stream": True})
        assert status == 200 and headers["Content-Type"] == "text/event-stream", (status, text)
        events = [part.removeprefix("data: ") for part in text.split("\n\n") if part]
        return [json.loads(event) if event != "[DONE]" else event for event in events]

    def metric(self, name):
        status, _, text = self.get("/metrics")
        assert status == 200
        values = [line.rsplit(" ", 1)[1] for line in text.splitlines() if line.split("{")[0].split(" ")[0] == f"jet:{name}"]
        assert values, f"no metric {name} in {text}"
        return float(values[0])

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "waited too long"
            time.sleep(0.02)

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=PATIENCE)
        self.reader.join(timeout=PATIENCE)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def serving(*arguments, preexec=None):
    server = Server(*arguments, preexec=preexec)
    try:
        yield server
        assert server.process.poll() is None, f"the server ended: {''.join(server.log)[-3000:]}"
    except BaseException:
        server.close()
        print("".join(server.log)[-3000:])
        raise
    server.close()


def run_tests(tests):
    for test in tests:
        begin = time.monotonic()
        test()
        print(f"{test.__name__}: {time.monotonic() - begin:.1f} s", flush=True)
