# The server against its own OpenAPI description, by PyPI's schemathesis: tests/serve/schema_test.py.
source "$(dirname "$0")/lib.bash"
needs_speed
python3 -m pip install --quiet --disable-pip-version-check --target site schemathesis 2>err || skip "PyPI's package schemathesis cannot be had: $(tail -1 err)"
PYTHONPATH=site python3 "$here/../serve/schema_test.py" site/bin/schemathesis
