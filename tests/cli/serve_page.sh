# The server's page in a headless browser: tests/serve/page_test.py.
source "$(dirname "$0")/lib.bash"
needs_speed
[[ -x /usr/bin/chromium ]] || skip "Chromium is not here: apt-get install chromium"
python3 -m pip install --quiet --disable-pip-version-check --target site playwright 2>err || skip "PyPI's package playwright cannot be had: $(tail -1 err)"
PYTHONPATH=site python3 "$here/../serve/page_test.py" ${JET_SCREENSHOTS:+"$JET_SCREENSHOTS"}
