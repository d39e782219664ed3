"""lm-evaluation-harness of PyPI, unmodified, against the server: lm_eval_test.py DATA [EXAMPLES]. DATA has the tasks' files,
EXAMPLES (0: all) of each are asked. Its `local-completions` asks for the log-probabilities of echoed prompts, and for tokens."""
import json
import math
import os
import pathlib
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=tempfile.mkdtemp(dir="."), TOKENIZERS_PARALLELISM="false")

import lm_eval  # after the environment it reads
from lm_eval.tasks import TaskManager

from server import run_tests, serving

DATA = pathlib.Path(sys.argv[1]).resolve()
EXAMPLES = int(sys.argv[2]) if len(sys.argv) > 2 else 0
# Hugging Face transformers in float32 on the same weights: examples, accuracy, the same by the length of the answer.
REFERENCE = {"arc_easy": (2376, 0.5004, 0.4558), "lambada_openai": (5153, 0.2944, None)}
TASKS = {
    "arc_easy": {"output_type": "multiple_choice", "doc_to_text": "{{query}}\nAnswer:", "doc_to_choice": "{{choices}}", "doc_to_target": "{{gold}}",
                 "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}]},
    "lambada_openai": {"output_type": "loglikelihood", "doc_to_text": "{{context}}", "doc_to_target": "{{' ' + continuation}}",
                       "metric_list": [{"metric": "perplexity", "aggregation": "perplexity"}, {"metric": "acc"}]},
}


def task_files(folder):
    for name, task in TASKS.items():
        task = {"task": f"local_{name}", "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(DATA / f"{name}.jsonl.gz")}},
                "test_split": "test", **task}
        (pathlib.Path(folder) / f"{name}.yaml").write_text(json.dumps(task))  # JSON is YAML


def check(got, wanted, total, what):
    """All examples: within 4 of the reference. Some: within 3.5 standard errors of what a sample of so many has."""
    count = EXAMPLES or total
    tolerance = 4 / total if count == total else 3.5 * math.sqrt(wanted * (1 - wanted) / count)
    print(f"{what}: {got:.4f}, expected {wanted} within {tolerance:.4f}, of {count} examples", flush=True)
    assert abs(got - wanted) <= tolerance


def accuracy_is_that_of_the_reference():
    with serving("--model", os.environ["JET_SMOLLM2"], "--no-access-log", "--context-length", 2048) as server:
        folder = tempfile.mkdtemp(dir=".")
        task_files(folder)
        arguments = {"model": "SmolLM2-135M-Instruct.Q4_1", "base_url": server.url + "/v1/completions", "tokenizer_backend": "remote",
                     "num_concurrent": 4, "max_retries": 3, "timeout": 300}
        results = lm_eval.simple_evaluate(
            model="local-completions", model_args=arguments, tasks=[f"local_{name}" for name in TASKS], batch_size=4, limit=EXAMPLES or None,
            bootstrap_iters=0, task_manager=TaskManager(include_path=folder, include_defaults=False))["results"]
        for name, (total, accuracy, by_length) in REFERENCE.items():
            got = results[f"local_{name}"]
            check(got["acc,none"], accuracy, total, f"{name} acc")
            if by_length is not None:
                check(got["acc_norm,none"], by_length, total, f"{name} acc_norm")
        print(f"lambada_openai perplexity: {results['local_lambada_openai']['perplexity,none']:.2f}")


run_tests([accuracy_is_that_of_the_reference])
