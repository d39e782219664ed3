# The server over HTTP, with a tiny model: tests/serve/http_test.py.
source "$(dirname "$0")/lib.bash"
usage '--model is missing' serve
usage 'is not a whole number' serve --model x --port 99x
error 'no such file' serve --model nowhere.gguf --port 0
python3 "$here/../serve/http_test.py"
