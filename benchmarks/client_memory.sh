#!/bin/bash
# What the memories of 100,000 stateful clients cost: SCAFFOLD on a model of about 100,000 parameters, in RAM, within
# budgets, and straight from the file. Writes benchmarks/results/<machine>-client-memory.md:
#   bash benchmarks/client_memory.sh [--budgets 20G,200M,20M,0] [--rounds 25] [--ranks 2] [--folder F] [--results FOLDER]
# About 3 minutes on 2 idle cores; needs 10 GB of disk in the folder, which it gives back.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ -z "${FEDSCAPE:-}" ]; then bash "$root/jobs/build.sh" fedscape; fi
export PYTHONPATH=$root/benchmarks
exec python3 -B "$root/benchmarks/scaling/client_memory.py" "$@"
