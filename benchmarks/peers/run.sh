#!/bin/bash
# Runs the same work in fedscape, PyTorch and federated simulators on this machine, alternating, and writes a table to
# benchmarks/results/<machine>.md and .json, in which workloads that are not measured again keep their lines:
#   bash benchmarks/peers/run.sh [--device cuda] [--workloads w1,w5] [--threads 1,2] [--repeats 5] [--full]
#     [--results FOLDER]
# All workloads take about 25 minutes on 2 idle cores. --full: landscapes of the published number of points instead of a
# few. --device cuda, the first argument if any: on a GPU, against PyTorch on that GPU; FEDSCAPE_PYTHON then names a
# Python with PyTorch, h5py and safetensors, FEDSCAPE_PEERS_PROGRAM the program (run.sh of a bundle), else the cuda
# preset is built.
#
# The rivals come from PyPI into a virtual environment of about 7 GB, made once: FEDSCAPE_PEERS or
# ~/.cache/fedscape-peers. FEDSCAPE_CIFAR10: a folder {train,test}/<class>/*.jpg of CIFAR-10; without it images of that
# shape are generated. FEDSCAPE_PYTHON: which Python (3.12 runs all rivals; BlazeFL needs it).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/benchmarks/peers
place=${FEDSCAPE_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/fedscape-peers}
mkdir -p "$place"

if [ "${1-} ${2-}" = "--device cuda" ]; then
  shift 2
  export FEDSCAPE_PEERS_DEVICE=cuda PYTHONPATH=$root/benchmarks
  if [ -z "${FEDSCAPE_PEERS_PROGRAM-}" ]; then
    cmake -S "$root" --preset cuda >/dev/null
    cmake --build "$root/build-cuda" --target fedscape
  fi
  cd "$here"
  exec "${FEDSCAPE_PYTHON:-python3}" -B bench.py --folder "$place/inputs-cuda" "$@"
fi

find_python() {
  local python
  for python in ${FEDSCAPE_PYTHON:-python3.12 "$HOME"/.pyenv/versions/3.12.*/bin/python python3.11 python3}; do
    if "$python" -c 'import venv, ensurepip' 2>/dev/null; then echo "$python" && return; fi
  done
  echo "peers: no Python with venv was found; set FEDSCAPE_PYTHON" >&2
  return 1
}

python=$place/venv/bin/python
if [ ! -e "$place/venv/torch.ready" ]; then
  echo "peers: installing PyTorch into $place/venv"
  "$(find_python)" -m venv --clear "$place/venv"
  "$python" -m pip install --quiet --no-input -r "$here/requirements.txt"
  "$python" -c 'import torch'
  touch "$place/venv/torch.ready"
fi
if [ ! -e "$place/venv/simulators.ready" ]; then # each by itself: what cannot be installed is a line of the table
  while read -r simulator; do
    echo "peers: installing $simulator"
    "$python" -m pip install --quiet --no-input "$simulator" ||
      "$python" -m pip install --quiet --no-input --no-deps "${simulator%%[*}" || echo "peers: $simulator failed" >&2
  done <"$here/requirements-simulators.txt"
  touch "$place/venv/simulators.ready"
fi

bash "$root/jobs/build.sh" fedscape
cmake -DFEDSCAPE_BENCHMARKS=ON "$root/build" >/dev/null
cmake --build "$root/build" --target bench_aggregate
cd "$here"
unset OPENBLAS_CORETYPE OMP_NUM_THREADS
export PYTHONPATH=$root/benchmarks
exec "$python" -B bench.py --folder "$place/inputs" "$@"
