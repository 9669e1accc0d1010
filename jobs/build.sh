#!/bin/bash
# Builds into build/ with the cpu preset: bash jobs/build.sh [target...]. Without targets: everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cores=$(nproc)
memory=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1500000)) # a compiler takes up to 1.5 GB
jobs=$((memory < cores ? (memory > 0 ? memory : 1) : cores))
options=(-DCMAKE_COMPILE_WARNING_AS_ERROR=ON)
if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset cpu "${options[@]}" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
cmake --build build -j "$jobs" ${1:+--target "$@"}
