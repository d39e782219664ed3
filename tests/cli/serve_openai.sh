# The server with the `openai` package of PyPI as its client: tests/serve/openai_test.py.
source "$(dirname "$0")/lib.bash"
needs_speed
[[ -e ${JET_SMOLLM2:-} ]] || skip "the small model is not here: tools/fetch_model.py brings it"
python3 -m pip install --quiet --disable-pip-version-check --target site openai 2>err || skip "PyPI's package openai cannot be had: $(tail -1 err)"
PYTHONPATH=site python3 "$here/../serve/openai_test.py"
