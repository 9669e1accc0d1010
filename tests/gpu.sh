#!/bin/bash
# What a machine with a GPU shows: parity of every op and of whole runs with the CPU, what ops reach, the workloads
# beside PyTorch's (where FEDSCAPE_PYTHON, else python3, has PyTorch, h5py and safetensors), compute-sanitizer where it is
# installed. Prints one table, row by row; that of the workloads is <GPU>.md beside FILE, else in benchmarks/results.
#   bash tests/gpu.sh [--build build-cuda | --bundle FOLDER] [--results FILE]      (from the tree, or from a bundle)
# FOLDER: made by jobs/bundle.sh --tests --benchmarks. FILE.log takes all that the steps say. For machines that are lent
# by the minute: GPU_STEPS (ops,speed,runs,workloads,sanitizer) are those that are taken, in this order, GPU_WORKLOADS
# (w1,w3,w5,w7,resnet20-32,vgg9,l1) those of the workloads, GPU_REPEATS (5) measurements of each, GPU_SECONDS (900) what
# a step may take. Without a device it says so and does nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build-cuda bundle='' results=/dev/null folder=$root/benchmarks/results log=''
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:?--build wants a folder} ;;
    --bundle) bundle=${2:?--bundle wants a folder} ;;
    --results) results=${2:?--results wants a file} folder=$(realpath "$(dirname "$2")") log=$2.log ;;
    *) echo "usage: gpu.sh [--build FOLDER | --bundle FOLDER] [--results FILE]" >&2 && exit 2 ;;
  esac
  shift 2
done
steps=,${GPU_STEPS:-ops,speed,runs,workloads,sanitizer}, workloads=${GPU_WORKLOADS:-w1,w3,w5,w7,resnet20-32,vgg9,l1}
repeats=${GPU_REPEATS:-5} seconds=${GPU_SECONDS:-900} python=${FEDSCAPE_PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=${log:-$work/log.txt}

tests=("$build/tests/fedscape_tests") program=$build/fedscape benchmark=("$build/benchmarks/")
if [ -n "$bundle" ]; then
  bundle=$(cd "$bundle" && pwd)
  tests=("$bundle/run.sh" --program fedscape_tests) program=$bundle/run.sh benchmark=("$bundle/run.sh" --program "")
  # CUDA's libraries may be there as PyTorch's alone.
  wheels=$("$python" -c 'import glob, nvidia; print(":".join(sorted(glob.glob(nvidia.__path__[0] + "/*/lib"))))' 2>/dev/null || true)
  if [ -n "$wheels" ]; then export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$wheels; fi
fi

# What is there.
listed=$("${tests[@]}" --gtest_list_tests) || { echo "gpu.sh: ${tests[*]} does not start" >&2 && exit 1; }
if [[ $listed != */cuda* ]]; then
  if [ "$(nvidia-smi --list-gpus 2>/dev/null | wc -l)" != 0 ]; then
    echo "gpu.sh: there is a GPU, but: $("$program" fl run --data images --device cuda --output "$work/none.h5" 2>&1 | tail -n 1)" >&2
    exit 1
  fi
  echo "skipped: there is no CUDA device, or this is no CUDA build" && exit
fi
: >"$results"
: >"$log"
failed=0
row() { printf '| %s | %s | %s |\n' "$@" | tee -a "$results"; }
if command -v nvidia-smi >/dev/null; then
  row GPU "$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -n 1)" ''
fi
row check result seconds
row --- --- ---

asked() { [[ $steps == *,$1,* ]]; }
# check NAME command...: a row with what it came to.
check() {
  local name=$1 start=$SECONDS code=0 verdict=passes more
  shift
  echo "=== $name" >>"$log"
  "$@" 2>&1 | tee -a "$log" >"$work/step.txt" || code=$?
  case $code in
    0) ;;
    124 | 137) verdict="FAILS: not over in $seconds s" failed=1 ;;
    *) verdict=FAILS failed=1 && tail -n 30 "$work/step.txt" >&2 ;;
  esac
  more=$(awk '/^\[  PASSED  \]/ { n += $4 } END { if (n) print " (" n " tests)" }' "$work/step.txt")
  row "$name" "$verdict$more" $((SECONDS - start))
}
# in_parts COUNT FILTER [prefix...]: the tests in so many processes side by side; a start takes longer than most of them.
in_parts() {
  local count=$1 filter=$2 code=0 part parts=()
  shift 2
  for ((part = 0; part < count; ++part)); do
    GTEST_TOTAL_SHARDS=$count GTEST_SHARD_INDEX=$part timeout -k 5 "$seconds" "$@" \
      "${tests[@]}" --gtest_brief=1 --gtest_filter="$filter" &
    parts+=($!)
  done
  for part in "${parts[@]}"; do wait "$part" || code=$?; done
  return $code
}
processes=$(($(nproc) < 8 ? $(nproc) : 8))

if asked ops; then check "ops on the device against oracles in double" in_parts "$processes" '*cuda*'; fi

# rates NAME COLUMNS-OF-AWK arguments...: a row for each line of google-benchmark's CSV, names without commas.
rates() {
  local name=$1 print=$2
  shift 2
  local last=$((${#benchmark[@]} - 1))
  timeout -k 5 "$seconds" "${benchmark[@]:0:last}" "${benchmark[last]}$name" --benchmark_format=csv "$@" 2>>"$log" |
    sed -u -E ':a; s/^("[^",]*),/\1x/; ta' | awk -F , "/^\"/ { gsub(/\"|\/real_time/, \"\"); $print; fflush() }" |
    while IFS=, read -r what rate micro; do row "$what" "$rate" "$micro"; done ||
    { failed=1 && row "$name" FAILS ''; }
}
if asked speed && { [ -n "$bundle" ] && [ -x "$bundle/bin/bench_ops" ] || [ -x "$build/benchmarks/bench_ops" ]; }; then
  row "op, stack of 32 models" "TFLOP/s or TB/s" microseconds
  rates bench_ops '{ rate = 0; for (i = 6; i <= NF; ++i) if ($i + 0 > rate) rate = $i + 0
      print $1 "," rate / 1e12 "," $3 }' --benchmark_min_time=0.02 \
    --benchmark_filter='cuda/(copy|conv_(forward|backward_data|backward_weights|packed_(float32|bf16|bf16w2))_(cnn|lenet|block)|linear|batch_norm)'
  rates bench_aggregate 'if ($1 ~ /_on_cuda/) print $1 ": 100 uploads of 10 million," $6 / 1e12 "," 1000 * $3' \
    --benchmark_filter=cuda
fi

if asked runs; then check "runs on the device against the CPU" timeout -k 5 "$seconds" bash "$root/tests/app/cuda.sh" "$program"; fi

if asked workloads; then
  if ! "$python" -c 'import torch, h5py, safetensors' 2>>"$log"; then
    row workloads "no PyTorch with h5py and safetensors" ''
  else
    check "workloads beside PyTorch" timeout -k 5 "$seconds" env FEDSCAPE_PEERS_PROGRAM="$program" FEDSCAPE_PYTHON="$python" \
      bash "$root/benchmarks/peers/run.sh" --device cuda --workloads "$workloads" --repeats "$repeats" --results "$folder"
  fi
fi

if asked sanitizer; then
  if command -v compute-sanitizer >/dev/null; then
    for tool in memcheck racecheck; do # the libraries' own kernels are not ours to check
      check "compute-sanitizer $tool" in_parts "$processes" '*/Ops.AgreeWithTheirOracles/cuda*' \
        compute-sanitizer --tool $tool --error-exitcode 1 --target-processes all
    done
  else
    row compute-sanitizer "not installed" ''
  fi
fi
exit $failed
