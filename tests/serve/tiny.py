"""A tiny model for the tests of the endpoints, requests to it, and what `jet generate` and bare sockets say."""
import json
import subprocess
import tempfile

from server import JET, tiny_model

folder = tempfile.mkdtemp(dir=".")
MODEL = tiny_model(folder)
IDS = [5, 6, 7, 8, 9]
COMPLETE = {"prompt": IDS, "max_tokens": 6, "temperature": 0}
CHAT = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 6, "temperature": 0}


def generated(prompt, *options):
    out = subprocess.run([JET, "generate", "--model", MODEL, "--prompt", prompt, "--json", *map(str, options)],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def raw(server, data, read=True):
    """Sends bytes as they are; what comes back until the server closes."""
    with server.connect() as connection:
        connection.sendall(data)
        answer = b""
        while read and (part := connection.recv(65536)):
            answer += part
        return answer.decode()


def status_of(answer):
    assert answer.startswith("HTTP/1.1 "), answer
    return int(answer.split(" ")[1])


def tool(name, **properties):
    return {"type": "function", "function": {"name": name, "description": "Does it.", "parameters": {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}}}
