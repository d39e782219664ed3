"""The server against its own description, by schemathesis of PyPI (its program is the argument): what the description allows
never fails the server, what it forbids is refused, answers are of the form that it says."""
import subprocess
import sys
import tempfile

from server import serving, tiny_model

CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
          "negative_data_rejection", "missing_required_header", "unsupported_method"]
# --max-examples bounds the run: 2,037 requests at 20.
with serving("--model", tiny_model(tempfile.mkdtemp(dir=".")), "--context-length", 96, "--no-access-log",
             "--state-directory", tempfile.mkdtemp(dir=".")) as server:
    status, headers, description = server.get("/openapi.json")
    assert status == 200 and headers["Content-Type"] == "application/json"
    subprocess.run([sys.argv[1], "run", server.url + "/openapi.json", "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing",
                    "--max-examples", sys.argv[2] if len(sys.argv) > 2 else "20", "--seed", "1", "--generation-database", "none",
                    "--request-timeout", "60", "--suppress-health-check", "all", "--no-color"], check=True)
    assert server.get("/health")[0] == 200
