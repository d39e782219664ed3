"""Who may ask: keys, origins, names of the host."""

from server import run_tests, serving
from tiny import COMPLETE, MODEL, raw, status_of


def keys_and_origins():
    with open("keys", "w") as file:
        file.write("sesame\nsecond\n")
    with serving("--model", MODEL, "--api-key-file", "keys", "--cors-origin", "http://here.example") as server:
        assert server.get("/health")[0] == 200
        for path in ("/", "/page.js", "/v1/models", "/metrics", "/card", "/tokenizer_info", "/nowhere"):
            status, headers, _ = server.get(path)
            assert status == 401 and headers["WWW-Authenticate"], path
        for path in ("/v1/completions", "/v1/chat/completions", "/tokenize", "/detokenize", "//v1/completions"):
            assert server.post(path, {})[0] == 401, path
        for key in ("Bearer sesam", "Bearer sesamee", "Bearer ", "Bearer", "sesame", "Basic sesame", "Basic eDpub3Bl", ""):
            assert server.get("/v1/models", Authorization=key)[0] == 401, key
        for key in ("Bearer sesame", "Bearer second", "Basic eDpzZXNhbWU="):  # x:sesame
            assert server.get("/v1/models", Authorization=key)[0] == 200, key
        status, headers, _ = server.call("OPTIONS", "/v1/models", headers={"Origin": "http://here.example"})
        assert status == 204 and headers["Access-Control-Allow-Origin"] == "http://here.example"
        assert "Authorization" in headers["Access-Control-Allow-Headers"] and "X-Conversation" in headers["Access-Control-Allow-Headers"]
        cookies = {server.get("/", Authorization="Bearer sesame")[1]["Set-Cookie"].split(";")[0] for _ in range(2)}
        assert len(cookies) == 2 and all(c.startswith("jet_conversation=") for c in cookies)
        assert server.get("/", Authorization="Bearer sesame", Cookie=cookies.pop())[1]["Set-Cookie"] is None
        assert server.call("OPTIONS", "/v1/models", headers={"Origin": "http://there.example"})[1]["Access-Control-Allow-Origin"] is None


def names_that_it_is_asked_by():
    with serving("--model", MODEL, "--allow-host", "jet.example") as server:
        for host in ("localhost", f"localhost:{server.port}", f"127.0.0.1:{server.port}", "[::1]:5", "Jet.Example"):
            assert server.get("/health", Host=host)[0] == server.post("/v1/completions", COMPLETE, Host=host)[0] == 200, host
        for host in ("evil.example", f"evil.example:{server.port}", "localhost.evil.example", "127.0.0.1.evil.example"):
            for status, _, got in (server.get("/", Host=host), server.get("/health", Host=host), server.post("/v1/completions", COMPLETE, Host=host),
                                   server.call("OPTIONS", "/v1/completions", headers={"Host": host})):
                assert status == 403 and got["error"]["code"] == "host_not_allowed" and host in got["error"]["message"], (host, status, got)
        for data, wanted in ((b"GET /health HTTP/1.1\r\n\r\n", 400), (b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
                             (b"GET /health HTTP/1.0\r\n\r\n", 200)):
            assert status_of(raw(server, data)) == wanted, data
    with serving("--model", MODEL, "--host", "0.0.0.0") as server:
        assert server.get("/health", Host="any.example")[0] == 200


run_tests([keys_and_origins, names_that_it_is_asked_by])
