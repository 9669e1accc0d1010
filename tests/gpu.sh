#!/bin/bash
# What a machine with a GPU shows: parity of every op and of whole runs with the CPU, compute-sanitizer where it is
# installed, and the time of each op. Prints one table.
#   bash tests/gpu.sh [--build build-cuda | --bundle FOLDER] [--results FILE]      (from the tree, or from a bundle)
# FOLDER: made by jobs/bundle.sh --tests. Without a device it says so and does nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build-cuda bundle='' results=/dev/null
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:?--build wants a folder} ;;
    --bundle) bundle=${2:?--bundle wants a folder} ;;
    --results) results=${2:?--results wants a file} ;;
    *) echo "usage: gpu.sh [--build FOLDER | --bundle FOLDER] [--results FILE]" >&2 && exit 2 ;;
  esac
  shift 2
done
tests=("$build/tests/fedscape_tests") program=$build/fedscape
if [ -n "$bundle" ]; then
  bundle=$(cd "$bundle" && pwd)
  tests=("$bundle/run.sh" --program fedscape_tests) program=$bundle/run.sh
fi
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
exit $failed
