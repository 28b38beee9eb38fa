#!/usr/bin/env bash
# Every part of `make test`, each run even when an earlier one failed, then the ten slowest parts and what failed.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
times=build/times.txt
failed=()
: >"$times"

part() { # part NAME COMMAND...: runs the command and notes its seconds
  local name=$1 started=$EPOCHREALTIME
  shift
  printf '\n== %s\n' "$name"
  "$@" || failed+=("$name")
  printf '%s %s\n' "$(awk "BEGIN {printf \"%.2f\", $EPOCHREALTIME - $started}")" "$name" >>"$times"
}

run_pytest() {
  .venv/bin/pytest -n 2 -p no:benchmark --durations=10 --durations-min=0.1 2>&1 | tee build/pytest.txt
}

part "C++ tests under ASan and UBSan" make --no-print-directory test-cpp
part "C++ tests under TSan" make --no-print-directory test-threads
part "build and install" make --no-print-directory environment
part "lint and import layers" make --no-print-directory lint
part "types" make --no-print-directory types
part "documents" .venv/bin/python scripts/docs.py --check
part "pytest" run_pytest

printf '\n== ten slowest parts, in seconds\n'
grep -E '^[0-9.]+s (call|setup|teardown)' build/pytest.txt | sed -E 's/s (call|setup|teardown) +/ pytest: \1 /' |
  cat "$times" - | sort -rn | head -n 10
tail -n 1 build/pytest.txt
if ((${#failed[@]} > 0)); then
  printf 'failed: %s\n' "${failed[@]}"
  exit 1
fi
