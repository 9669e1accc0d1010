#!/bin/bash
# How the time of a round and the memory of a rank grow with the number of clients (100 to a million), the cohort, the
# parameters and the ranks. Writes benchmarks/results/<machine>-growth.md, .json and .png:
#   bash benchmarks/growth.sh [--axes clients,cohort] [--repeats 3] [--folder F] [--results FOLDER]
# About 3 minutes on 2 idle cores.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ -z "${FEDSCAPE:-}" ]; then bash "$root/jobs/build.sh" fedscape; fi
export PYTHONPATH=$root/benchmarks
exec python3 -B "$root/benchmarks/scaling/growth.py" "$@"
