#!/bin/bash
# How fedscape scales with the number of ranks here: strong and weak scaling of federations and sweeps, a model of their
# cost, and what that predicts up to 1,024 ranks. Writes benchmarks/results/<machine>-scaling.md and .json:
#   bash benchmarks/scaling.sh [--ranks 1,2,4] [--repeats 5] [--works lenet,sweep] [--folder F] [--results FOLDER]
# About 5 minutes on 2 idle cores. Within a Slurm allocation the ranks are srun's (FEDSCAPE then names the build to run,
# as in jobs/env.sh); FEDSCAPE_SLURM=1 brings up the tests' cluster of two nodes on this machine for it, whose ranks talk
# over TCP.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ "${FEDSCAPE_SLURM:-0}" = 1 ] && [ -z "${SLURM_JOB_ID:-}" ]; then
  work=$(mktemp -d)
  source "$root/tests/support/slurm_cluster.sh"
  trap 'stop_slurm; rm -rf "$work"' EXIT
  start_slurm
  salloc --quiet --nodes=2 --ntasks="$(nproc)" bash "${BASH_SOURCE[0]}" "$@"
  exit
fi
if [ -z "${FEDSCAPE:-}" ]; then bash "$root/jobs/build.sh" fedscape; fi
export PYTHONPATH=$root/benchmarks
exec python3 -B "$root/benchmarks/scaling/measure.py" "$@"
