#!/bin/bash
# Sets up, builds, and runs the tests; ends with ctest's summary. Usage: bash tests/run.sh [ctest options]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash jobs/setup.sh
bash jobs/build.sh
exec ctest --test-dir build --output-on-failure -j "$(nproc)" "$@"
