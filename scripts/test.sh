#!/usr/bin/env bash
# The tests, one process per kind. All kinds run, whatever fails; exit status 0 only if none did.
#   test.sh sample [SEED]   every light test, and of the long ones, of those with servers and of whole mills some files, chosen by the seed: the day
#   test.sh whole           all but the level `slow`
set -uo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
light=(tests/unit tests/adapters tests/architecture tests/contracts)
heavy=(tests/alone tests/journey tests/failure)
slowest=(--durations 15 --durations-min 5)
case "${1:-}" in
  sample) seed=${2:-$(date -u +%F)}
          third=(--sample 3 --seed "$seed") fifth=(--sample 5 --seed "$seed") ;;
  whole)  third=() fifth=() ;;
  *)      sed -n '2,4s/^# \?//p' "$0"; exit 2 ;;
esac
failed=()
run() { local kind=$1; shift; "$python" -m pytest "$@" || failed+=("$kind"); }

# Light tests share the cores.
run light -n auto --maxprocesses 4 -m "not servers and not slow and not torch and not long" "${light[@]}"
run long -n auto --maxprocesses 2 "${slowest[@]}" -m "long and not servers and not slow and not torch" "${third[@]}" "${light[@]}"
# Those with servers go two files at a time: they wait more than they work, and each of the two has servers of its own.
run servers -n auto --maxprocesses 2 --dist loadfile "${slowest[@]}" -m "servers and not slow" "${third[@]}" "${light[@]}"
# The heavy ones start whole mills and want the machine for themselves: two at a time took as long.
run heavy "${slowest[@]}" "${fifth[@]}" "${heavy[@]}" --ignore tests/journey/console
# Playwright keeps an event loop, in which no other test may start one: the browser has a process of its own.
run console "${slowest[@]}" tests/journey/console

if ((${#failed[@]})); then echo "FAILED: ${failed[*]}"; exit 1; fi
