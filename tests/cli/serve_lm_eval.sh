# The server with lm-evaluation-harness of PyPI as its client, JET_LM_EVAL_EXAMPLES (30; 0: all) of each task: tests/serve/lm_eval_test.py.
source "$(dirname "$0")/lib.bash"
needs_speed
[[ -e ${JET_SMOLLM2:-} ]] || skip "the small model is not here: tools/fetch_model.py brings it"
[[ -d $shared/data/eval ]] || skip "the tasks are not here: shared/data/eval"
python3 -m pip install --quiet --no-compile --disable-pip-version-check --target site 'lm-eval[api]' 2>err || skip "PyPI's package lm-eval cannot be had: $(tail -1 err)"
PYTHONPATH=site python3 "$here/../serve/lm_eval_test.py" "$shared/data/eval" "${JET_LM_EVAL_EXAMPLES:-30}"
