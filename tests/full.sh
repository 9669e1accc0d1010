#!/bin/bash
# Everything tests/run.sh does and what takes longer: sanitizers, CUDA kernels carried out on the CPU, clang, the CUDA
# compile, 20 kill moments of every kind of state, the job scripts under Slurm where that is installed (Debian: slurm-wlm
# munge), the long loops over damaged files. About 90 minutes on 2 cores. Usage: bash tests/full.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cores=$(nproc)
warnings=(-DCMAKE_COMPILE_WARNING_AS_ERROR=ON)
if command -v ccache >/dev/null; then warnings+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
step() { echo; echo "=== $* ($((SECONDS / 60)) min)"; }

step "set-up"
bash jobs/setup.sh --full

step "g++, optimised, every kill moment, long loops over damaged files"
export FEDSCAPE_KILLS=20 FEDSCAPE_CORRUPTIONS=2000 FEDSCAPE_TIMING=1 FEDSCAPE_SLURM=1
bash tests/run.sh
unset FEDSCAPE_KILLS FEDSCAPE_CORRUPTIONS FEDSCAPE_TIMING FEDSCAPE_SLURM

step "clang++-14"
cmake --preset cpu -B build-clang -DCMAKE_CXX_COMPILER=clang++-14 -DCMAKE_C_COMPILER=clang-14 "${warnings[@]}" >/dev/null
cmake --build build-clang -j "$cores"
build-clang/tests/fedscape_tests --gtest_brief=1

step "CUDA"
if command -v nvcc >/dev/null; then
  cmake --preset cuda "${warnings[@]}" >/dev/null
  cmake --build build-cuda -j "$cores"
  build-cuda/tests/fedscape_tests --gtest_brief=1
else
  echo "skipped: there is no nvcc"
fi

step "AddressSanitizer and UndefinedBehaviorSanitizer, CUDA kernels carried out on the CPU"
# Open MPI's own leaks are not ours to report; its plugins stay mapped (tests/support/keep_plugins.cpp), so they have names.
export ASAN_OPTIONS=fast_unwind_on_malloc=0:allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export LSAN_OPTIONS="suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0"
export FEDSCAPE_KILLS=1 FEDSCAPE_CORRUPTIONS=300 FEDSCAPE_SLURM=1
cmake --preset debug -DFEDSCAPE_CUDA=emulated "${warnings[@]}" >/dev/null
cmake --build build-debug -j "$cores"
# The unit tests in one process each, side by side: a start takes longer than most of them.
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
build-debug/tests/fedscape_tests --gtest_filter='-*/cuda*' --gtest_brief=1 &
FEDSCAPE_EMULATION=reverse build-debug/tests/fedscape_tests --gtest_filter='*/cuda*' --gtest_brief=1
wait $!
ctest --test-dir build-debug --output-on-failure -j "$cores" -L "app|mpi" -LE "timing"

step "done"
