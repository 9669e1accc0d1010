#!/bin/bash
# Sets up, builds, trains a federation on Fashion-MNIST over four ranks, sweeps the loss landscape of its model on the
# test set, and draws both. Leaves out/quickstart/{run.h5,surface.h5,*.png}. Usage: bash jobs/quickstart.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash jobs/setup.sh
bash jobs/build.sh fedscape
out=out/quickstart
start=$SECONDS
bash jobs/launch.sh 4 build/fedscape fl run --config jobs/configs/quickstart.ini --output "$out/run.h5" --fresh
bash jobs/launch.sh 4 build/fedscape landscape sweep --model "$out/run.h5" --output "$out/surface.h5" --fresh
build/fedscape plot "$out/run.h5"
build/fedscape plot "$out/surface.h5"
echo "quickstart: $((SECONDS - start)) s after set-up and build; see $out:"
ls "$out"
