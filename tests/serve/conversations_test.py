"""Conversations saved to disk and resumed over HTTP: by name, in another process, and everything that can be wrong with them."""
import os
import pathlib
import resource
import signal
import tempfile

from server import run_tests, serving, tiny_model

folder = pathlib.Path(tempfile.mkdtemp(dir="."))
MODEL = tiny_model(folder)
IDS = [5 + i % 60 for i in range(85)]
ANSWER = [70] * 6  # by the bias, so that the next prompt can hold its tokens
ASK = {"prompt": IDS, "max_tokens": len(ANSWER), "temperature": 0, "logit_bias": {"70": 100}}
LATER = IDS + ANSWER + [9, 8, 7]


def states():
    return pathlib.Path(tempfile.mkdtemp(dir=folder))


def talk(server, prompt=IDS, name="dialogue", **fields):
    status, _, got = server.post("/v1/completions", {**ASK, "prompt": prompt, **fields}, **{"X-Conversation": name})
    assert status == 200, got
    return got


def expect(answer, status, code=None, text=""):
    assert answer[0] == status, answer
    assert answer[2]["error"]["code"] == code and text in answer[2]["error"]["message"], answer
    assert "/" not in answer[2]["error"]["message"] or status == 404, answer  # of the server's folders nothing is said


def cached(answer):
    return answer["usage"]["prompt_tokens_details"]["cached_tokens"]


def a_conversation_goes_on_after_a_restart():
    directory = states()
    with serving("--model", MODEL, "--state-directory", directory) as server:
        talk(server)
        status, _, saved = server.post("/v1/conversations/dialogue/save", {})
        consumed = len(IDS + ANSWER) - 1  # the last token of an answer is not
        size = (directory / "dialogue.state").stat().st_size
        assert status == 200 and saved == {"id": "dialogue", "object": "conversation", "model": "tiny", "tokens": consumed, "bytes": size}, saved
        assert (directory / "dialogue.state").stat().st_mode & 0o77 == 0  # it is what was said
        assert server.get("/v1/conversations")[2]["data"] == [{"id": "dialogue", "object": "conversation", "bytes": size}]
        expected = talk(server, LATER, logit_bias={}, logprobs=3)
        assert cached(expected) == consumed
    with serving("--model", MODEL, "--state-directory", directory) as server:
        assert server.post("/v1/conversations/dialogue/restore", {"model": "tiny"})[2] == saved
        second = talk(server, LATER, logit_bias={}, logprobs=3)
        assert cached(second) == consumed and second["choices"] == expected["choices"], (second, expected)
        assert server.metric("prefix_cache_hits_total") == consumed
        # It can be saved further on, under its name, and after a restore without a turn under the same.
        assert server.post("/v1/conversations/dialogue/save", {})[2]["tokens"] == second["usage"]["total_tokens"] - 1
        assert server.post("/v1/conversations/dialogue/restore", {})[2] == server.post("/v1/conversations/dialogue/save", {})[2]
        assert server.call("DELETE", "/v1/conversations/dialogue")[2] == {"id": "dialogue", "object": "conversation", "deleted": True}
        expect(server.call("DELETE", "/v1/conversations/dialogue"), 404, "conversation_not_found")
        expect(server.post("/v1/conversations/dialogue/restore", {}), 404, "conversation_not_found")
        assert server.get("/v1/conversations")[2] == {"object": "list", "data": []} and not list(directory.iterdir())


def salts_and_texts_go_with_it():
    """What is restored serves requests of the salt that it was saved of alone; prompts of /v1/completions are conversations too."""
    directory = states()
    ask = {"prompt": list(range(5, 80)), "max_tokens": 4, "temperature": 0, "cache_salt": "ours"}
    with serving("--model", MODEL, "--state-directory", directory) as server:
        assert server.post("/v1/completions", ask, **{"X-Conversation": "a-B_9"})[0] == 200
        assert server.post("/v1/conversations/a-B_9/save", {})[2]["tokens"] == 78
    with serving("--model", MODEL, "--state-directory", directory) as server:
        assert server.post("/v1/conversations/a-B_9/restore", {})[2]["tokens"] == 78
        longer = {**ask, "prompt": ask["prompt"] + [9, 9, 9, 9]}
        for salt, wanted in (("theirs", 0), (None, 0)):
            assert cached(server.post("/v1/completions", {**longer, "cache_salt": salt})[2]) == wanted, salt


def what_cannot_be_saved_is_said():
    directory = states()
    with serving("--model", MODEL, "--state-directory", directory) as server:
        for name in ("nobody", "x" * 64):
            expect(server.post(f"/v1/conversations/{name}/save", {}), 404, "conversation_not_found")
            expect(server.post(f"/v1/conversations/{name}/restore", {}), 404, "conversation_not_found")
        for name in ("..", ".", "a.b", "%2e%2e", "..%2Fkeys", "a%00", "a b".replace(" ", "%20"), "x" * 65, "%C3%A9", "a;b", "~", "a\\b"):
            for method, path in (("POST", "/save"), ("POST", "/restore"), ("DELETE", "")):
                status, _, got = server.call(method, f"/v1/conversations/{name}{path}", "{}", {"Content-Type": "application/json"})
                assert status == 400 and got["error"]["param"] == "id", (name, status, got)
        for path in ("/v1/conversations/../../keys/save", "/v1/conversations//save", "/v1/conversations/a/b/save", "/v1/conversations/a/drop",
                     "/v1/conversations/a/", "/v1/conversationsa/save"):
            assert server.post(path, {})[0] in (400, 404, 405), path
        assert server.get("/v1/conversations/a/save")[1]["Allow"] == "POST, OPTIONS"
        assert server.get("/v1/conversations/a")[1]["Allow"] == "DELETE, OPTIONS"
        for body, param in (({"model": "tiny", "file": "x"}, "file"), ({"model": 5}, "model")):
            status, _, got = server.post("/v1/conversations/a/save", body)
            assert status == 400 and got["error"]["param"] == param, got
        assert server.call("POST", "/v1/conversations/a/save", "{}", {"Content-Type": "text/plain"})[0] == 415
        # Requests for several answers, and those whose name is no id, stand nowhere.
        talk(server, name="several", n=2, temperature=1)
        talk(server, name="a name with spaces")
        expect(server.post("/v1/conversations/several/save", {}), 404, "conversation_not_found")
        assert not list(directory.iterdir())
    with serving("--model", MODEL) as server:
        talk(server)
        expect(server.post("/v1/conversations/dialogue/save", {}), 404, "no_state_directory", "--state-directory")
        expect(server.get("/v1/conversations"), 404, "no_state_directory")


def bad_files_are_refused():
    directory = states()
    with serving("--model", MODEL, "--state-directory", directory) as server:
        talk(server)
        assert server.post("/v1/conversations/dialogue/save", {})[0] == 200
        good = (directory / "dialogue.state").read_bytes()
        for at in (3, 30, 200, len(good) // 2, len(good) - 1):
            (directory / "dialogue.state").write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            expect(server.post("/v1/conversations/dialogue/restore", {}), 409, "state_refused", "dialogue.state")
            (directory / "dialogue.state").write_bytes(good[:at])
            expect(server.post("/v1/conversations/dialogue/restore", {}), 409, "state_refused", "dialogue.state")
        (directory / "dialogue.state").write_bytes(good)
        os.mkdir(directory / "folder.state")
        expect(server.post("/v1/conversations/folder/restore", {}), 409, "state_refused", "directory")
        assert server.post("/v1/conversations/dialogue/restore", {})[0] == 200
    for options, text in ((("--dtype", "f32"), "computed in"), (("--kv-dtype", "bf16"), "types"), (("--context-length", 64), "64 fit")):
        with serving("--model", MODEL, "--state-directory", directory, *options) as server:
            expect(server.post("/v1/conversations/dialogue/restore", {}), 409, "state_refused", text)
            assert server.post("/v1/completions", {"prompt": [5, 6], "max_tokens": 2})[0] == 200


def no_older_turn_is_saved():
    """Other prompts take the place of a long conversation's state; a short one that it begins with stays in use."""
    directory = states()
    with serving("--model", MODEL, "--state-directory", directory, "--reuse-memory", "2MB") as server:
        talk(server)
        assert server.post("/v1/conversations/dialogue/save", {})[0] == 200
        good = (directory / "dialogue.state").read_bytes()
        for i in range(100):
            for prompt in ([100 + i, *range(200, 264)], IDS[:4]):
                assert server.post("/v1/completions", {"prompt": prompt, "max_tokens": 1, "temperature": 0})[0] == 200
        assert cached(talk(server, IDS[:8], name="short")) == 4
        expect(server.post("/v1/conversations/dialogue/save", {}), 409, "state_not_kept")
        assert (directory / "dialogue.state").read_bytes() == good


def another_models_file_is_not_replaced():
    directory = states()
    other = tiny_model(states(), seed=2)
    with serving("--model", "a=" + MODEL, "--model", "b=" + other, "--state-directory", directory) as server:
        for model, answer in (("a", 200), ("b", 409), ("a", 200)):
            talk(server, model=model)
            status, _, got = server.post("/v1/conversations/dialogue/save", {"model": model})
            assert status == answer and (answer == 200 or got["error"]["code"] == "saved_by_another_model"), got
        (directory / "dialogue.state").write_bytes(b"damaged")
        assert server.post("/v1/conversations/dialogue/save", {"model": "b"})[0] == 200


def a_full_disk_is_one_error():
    """No file may grow beyond 4 KB: the save fails, leaves nothing, and the conversation goes on."""
    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    directory = states()
    with serving("--model", MODEL, "--state-directory", directory, preexec=little_room) as server:
        talk(server)
        expect(server.post("/v1/conversations/dialogue/save", {}), 507, "state_not_written", "too large")
        assert not list(directory.iterdir())
        assert cached(talk(server, LATER, logit_bias={}, logprobs=3)) == len(IDS + ANSWER) - 1


run_tests([a_conversation_goes_on_after_a_restart, salts_and_texts_go_with_it, what_cannot_be_saved_is_said, bad_files_are_refused,
           no_older_turn_is_saved, another_models_file_is_not_replaced, a_full_disk_is_one_error])
