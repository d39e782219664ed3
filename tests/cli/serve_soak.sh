# The server under load and faults for JET_SOAK_SECONDS (8): tests/serve/soak.py.
source "$(dirname "$0")/lib.bash"
[[ $(ulimit -Hn) -gt 4000 ]] || skip "this system allows too few open files: ulimit -Hn is $(ulimit -Hn)"
ulimit -n 4000
# AddressSanitizer keeps 256 MB of freed memory back, which would look like a leak here.
! sanitized || export ASAN_OPTIONS=quarantine_size_mb=4
! grep -q __tsan_init "$JET" || export JET_SOAK_MEMORY=instrumented
python3 "$here/../serve/soak.py" "${JET_SOAK_SECONDS:-8}" 8
