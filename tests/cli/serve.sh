# The server over HTTP, with a tiny model: tests/serve/*_test.py that need nothing else.
source "$(dirname "$0")/lib.bash"
usage '--model is missing' serve
usage 'is not a whole number' serve --model x --port 99x
error 'no such file' serve --model nowhere.gguf --port 0
error 'is no directory' serve --model nowhere.gguf --port 0 --state-directory nowhere
for part in http access models completions chat wrong_requests conversations; do
  python3 "$here/../serve/${part}_test.py"
done
