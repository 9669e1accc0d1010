#!/bin/bash
# What a machine with a GPU shows: parity of every op and of whole runs with the CPU, compute-sanitizer where it is
# installed, what ops reach, and, where FEDSCAPE_PYTHON (python3) has PyTorch, h5py and safetensors, the workloads beside
# PyTorch's. Prints one table; that of the workloads is <GPU>.md beside FILE, else in
# benchmarks/results.
#   bash tests/gpu.sh [--build build-cuda | --bundle FOLDER] [--results FILE]      (from the tree, or from a bundle)
# FOLDER: made by jobs/bundle.sh --tests --benchmarks. GPU_WORKLOADS (w1,w3,w5,w7,resnet20-32,l1,vgg9): which, or none.
# Without a device it says so and does nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build-cuda bundle='' results=/dev/null folder=$root/benchmarks/results
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:?--build wants a folder} ;;
    --bundle) bundle=${2:?--bundle wants a folder} ;;
    --results) results=${2:?--results wants a file} && folder=$(realpath "$(dirname "$results")") ;;
    *) echo "usage: gpu.sh [--build FOLDER | --bundle FOLDER] [--results FILE]" >&2 && exit 2 ;;
  esac
  shift 2
done
tests=("$build/tests/fedscape_tests") program=$build/fedscape benchmarks=$build/benchmarks
if [ -n "$bundle" ]; then
  bundle=$(cd "$bundle" && pwd)
  tests=("$bundle/run.sh" --program fedscape_tests) program=$bundle/run.sh benchmarks=$bundle/bin
fi
benchmark() { # NAME arguments...: google-benchmark's CSV, names without commas
  local name=$1
  shift
  if [ -n "$bundle" ]; then set -- "$bundle/run.sh" --program "$name" "$@"; else set -- "$build/benchmarks/$name" "$@"; fi
  "$@" --benchmark_format=csv 2>/dev/null | sed -E ':a; s/^("[^",]*),/\1x/; ta'
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
row() { printf '| %s | %s | %s |\n' "$@" | tee -a "$results"; }

if ! "${tests[@]}" --gtest_list_tests | grep -q cuda; then
  echo "skipped: there is no CUDA device, or this is no CUDA build"
  exit
fi
: >"$results"
command -v nvidia-smi >/dev/null && row GPU "$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -n 1)" ''
row check result seconds
row --- --- ---

# check NAME command...: a row with what it came to.
check() {
  local name=$1 start=$SECONDS verdict=passes
  shift
  "$@" >"$work/log.txt" 2>&1 || { verdict=FAILS failed=1 && tail -n 30 "$work/log.txt" >&2; }
  row "$name" "$verdict$(sed -n 's/^\[  PASSED  \] \([0-9]* tests\).*/ (\1)/p' "$work/log.txt")" $((SECONDS - start))
}
check "ops on the device against oracles in double" "${tests[@]}" --gtest_filter='*cuda*' --gtest_brief=1
check "runs on the device against the CPU" bash "$root/tests/app/cuda.sh" "$program"
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    check "compute-sanitizer $tool" compute-sanitizer --tool $tool --error-exitcode 1 --target-processes all \
      "${tests[@]}" --gtest_filter='*AgreeWithTheirOracles*cuda*' --gtest_brief=1
  done
else
  row compute-sanitizer "not installed" ''
fi

if [ -x "$benchmarks/bench_ops" ]; then
  row "op, stack of 32 models x 16 samples" "TFLOP/s or TB/s" microseconds
  benchmark bench_ops --benchmark_min_time=0.02 \
    --benchmark_filter='cuda/(copy|conv_(forward|backward_data|backward_weights|packed_(float32|bf16|bf16w2))_(cnn|lenet|block)|linear|batch_norm)' |
    awk -F , '/^"cuda/ { gsub(/"/, ""); rate = 0; for (i = 6; i <= NF; ++i) if ($i + 0 > rate) rate = $i + 0
      print $1, rate / 1e12, $3 }' | while read -r name rate micro; do row "$name" "$rate" "$micro"; done
  benchmark bench_aggregate --benchmark_filter=cuda |
    awk -F , '/_on_cuda/ { gsub(/"/, ""); print $1, $6 / 1e12, 1000 * $3 }' |
    while read -r name rate micro; do row "$name, 100 uploads of 10 million" "$rate" "$micro"; done
fi
workloads=${GPU_WORKLOADS:-w1,w3,w5,w7,resnet20-32,l1,vgg9} python=${FEDSCAPE_PYTHON:-python3}
if [ "$workloads" = none ] || ! "$python" -c 'import torch, h5py, safetensors' 2>/dev/null; then
  row workloads "not asked for, or no PyTorch with h5py and safetensors" ''
else
  check "workloads beside PyTorch" env FEDSCAPE_PEERS_PROGRAM="$program" FEDSCAPE_PYTHON="$python" \
    bash "$root/benchmarks/peers/run.sh" --device cuda --workloads "$workloads" --results "$folder"
fi
exit $failed
