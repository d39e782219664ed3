"""HTTP as a stranger speaks it: malformed requests, connections used again, slow and vanishing clients, a full queue, a stop."""
import http.client
import json

from server import run_tests, serving
from tiny import COMPLETE, IDS, MODEL, raw, status_of


def malformed_http_is_refused():
    with serving("--model", MODEL) as server:
        for data, wanted in [
            (b"\r\n\r\nnonsense\r\n\r\n", 400), (b"GET / HTTP/9.9\r\n\r\n", 400), (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 101 + b"\r\n", 431), (b"GET / HTTP/1.1\r\nHost: localhost\r\na: " + b"b" * 40000 + b"\r\n\r\n", 431),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", 413), (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", 400),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", 415),
            (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\nContent-Length: 5\r\n\r\nhello", 417),
        ]:
            answer = raw(server, data)
            assert status_of(answer) == wanted, (data[:60], answer)
            assert json.loads(answer.split("\r\n\r\n", 1)[1])["error"]["message"]
        # Two requests in one packet, the body in pieces, and one that waits for leave to send its body.
        with server.connect() as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while part := connection.recv(65536):
                answer += part
            assert answer.count(b"HTTP/1.1 200 OK") == 2, answer
        body = json.dumps({"prompt": "Hello"}).encode()
        with server.connect() as connection:
            connection.sendall(b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                               b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
            assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            for byte in body:
                connection.sendall(b"1\r\n" + bytes([byte]) + b"\r\n")
            connection.sendall(b"0\r\n\r\n")
            answer = b""
            while part := connection.recv(65536):
                answer += part
            assert status_of(answer.decode()) == 200 and b'"tokens"' in answer
        assert server.get("/health")[0] == 200


def a_connection_is_used_again():
    with serving("--model", MODEL) as server:
        wanted = server.post("/v1/completions", COMPLETE)[2]["choices"]
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for i in range(50):
            body = json.dumps({**COMPLETE, "stream": i % 3 == 1, "user": "x" * (i * 3000)})
            connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
            answer = connection.getresponse().read().decode()
            if i % 3 == 1:
                assert answer.endswith("data: [DONE]\n\n")
            else:
                assert json.loads(answer)["choices"] == wanted
            connection.request("GET", "/health")
            assert connection.getresponse().read() == b'{"status":"ok"}'
        assert server.metric("connections") == 2
        connection.close()
        # Requests that are sent before the answers to others have come, cut anywhere.
        body = json.dumps(COMPLETE).encode()
        request = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        data = request * 30 + b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        with server.connect() as several:
            for at in range(0, len(data), 97):
                several.sendall(data[at:at + 97])
            answer = b""
            while part := several.recv(65536):
                answer += part
        assert answer.count(b"HTTP/1.1 200 OK") == 31 and answer.endswith(b'{"status":"ok"}'), answer[-300:]
        assert answer.decode().count(json.dumps(wanted[0]["text"])) == 30


def clients_that_vanish_free_their_places():
    with serving("--model", MODEL, "--max-sequences", 2) as server:
        long = json.dumps({"prompt": IDS, "max_tokens": 1900, "ignore_eos": True, "stream": True}).encode()
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(long)
        for _ in range(20):
            with server.connect() as connection:
                connection.sendall(head + long)
                assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        for cut in (5, len(head) + 3, len(head) + len(long)):  # in the header, in the body, before any answer
            for _ in range(10):
                raw(server, (head + long)[:cut], read=False)
        server.wait_for(lambda: server.metric("num_requests_running") == 0)
        assert server.metric("generation_tokens_total") < 33 * 1900 / 2
        assert server.post("/v1/completions", COMPLETE)[0] == 200
        server.wait_for(lambda: server.metric("connections") == 1)


def many_clients_at_once():
    """Idle connections, slow ones, and streams beside them; each stream's text is right."""
    with serving("--model", MODEL, "--max-queue", 300) as server:
        wanted = server.post("/v1/completions", COMPLETE)[2]["choices"][0]["text"]
        idle = [server.connect() for _ in range(200)]
        slow = [server.connect() for _ in range(50)]
        for connection in slow:
            connection.sendall(b"GET /health HT")
        body = json.dumps({**COMPLETE, "stream": True}).encode()
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        streams = [server.connect() for _ in range(100)]
        for connection in streams:
            connection.sendall(head + body)
        assert server.get("/health")[0] == 200
        for connection in streams:
            with connection:
                answer = b""
                while part := connection.recv(65536):
                    answer += part
            text = answer.decode()
            assert status_of(text) == 200 and text.endswith("0\r\n\r\n")
            pieces = [json.loads(part.split("\n")[0]) for part in text.split("data: ") if part.startswith("{")]
            assert "".join(piece["choices"][0]["text"] for piece in pieces) == wanted
        for connection in idle + slow:
            connection.close()


def a_full_queue_is_said():
    with serving("--model", MODEL, "--max-sequences", 1, "--max-queue", 1) as server:
        long = json.dumps({"prompt": IDS, "max_tokens": 1900, "ignore_eos": True, "stream": True}).encode()
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(long)
        running = server.connect()
        running.sendall(head + long)
        running.recv(65536)
        waiting = server.connect()
        waiting.sendall(head + long)
        server.wait_for(lambda: server.metric("num_requests_waiting") == 1)
        status, headers, got = server.post("/v1/completions", COMPLETE)
        assert status == 429 and int(headers["Retry-After"]) > 0 and got["error"]["code"] == "queue_full", got
        running.close()
        waiting.close()
        server.wait_for(lambda: server.post("/v1/completions", COMPLETE)[0] == 200)


def a_stop_lets_what_runs_end():
    with serving("--model", MODEL) as server:
        body = json.dumps({**COMPLETE, "max_tokens": 400, "ignore_eos": True, "stream": True}).encode()
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        with server.connect() as connection, server.connect() as idle:
            connection.sendall(head + body)
            answer = connection.recv(65536)
            server.process.terminate()
            while part := connection.recv(65536):
                answer += part
            assert answer.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"), answer[-200:]
            assert idle.recv(1) == b""
        assert server.process.wait(timeout=60) == 0
        try:
            server.connect()
            raise AssertionError("a stopped server takes connections")
        except ConnectionRefusedError:
            pass
        server.reader.join(timeout=60)
        log = [json.loads(line) for line in server.log if line.startswith("{")]
        assert [entry["status"] for entry in log if entry["path"] == "/v1/completions"] == [200]
        assert log[-1]["completion_tokens"] == "400", log[-1]
        # `serving` asserts that the server still runs; here it must not.
        server.process.poll = lambda: None


run_tests([malformed_http_is_refused, a_connection_is_used_again, clients_that_vanish_free_their_places, many_clients_at_once,
           a_full_queue_is_said, a_stop_lets_what_runs_end])
