# The files of deploy/: the unit by systemd, the manifest against Kubernetes' schemas (PyPI's kubernetes-validate has them).
source "$(dirname "$0")/lib.bash"
deploy=$here/../../deploy
if command -v systemd-analyze >/dev/null; then
  sed "s|/usr/local/bin/jet|$JET|" "$deploy/jet.service" >jet.service
  systemd-analyze verify --recursive-errors=no ./jet.service >out 2>&1 || failed "systemd-analyze: $(cat out)"
  [[ ! -s out ]] || failed "systemd-analyze warns: $(cat out)"
else
  echo "the unit was not checked: systemd-analyze is not here"
fi
python3 -m pip install --quiet --disable-pip-version-check --target site kubernetes-validate 2>err || skip "PyPI's package kubernetes-validate cannot be had: $(tail -1 err)"
PYTHONPATH=site python3 - "$deploy/kubernetes.yaml" <<'PY'
import sys

import kubernetes_validate
import yaml

with open(sys.argv[1]) as file:
    objects = list(yaml.safe_load_all(file))
for each in objects:
    kubernetes_validate.validate(each, "1.30", strict=True)
kinds = [each["kind"] for each in objects]
assert kinds == ["Deployment", "Service", "Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget"], kinds
try:  # the check can fail
    kubernetes_validate.validate({**objects[0], "spec": {**objects[0]["spec"], "replica": 2}}, "1.30", strict=True)
    sys.exit("a field that does not exist passed")
except kubernetes_validate.ValidationError:
    pass
PY
