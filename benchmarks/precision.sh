#!/bin/bash
# What reduced precision costs and gains: sweeps a trained model in each precision and prints seconds a point and
# the largest deviations from float32 among points of a loss below 10 (relative, and percentage points of accuracy).
#   bash benchmarks/precision.sh [MODEL [OPTIONS OF landscape sweep]]
# Without a model: a perceptron and LeNet, trained on Fashion-MNIST for five epochs. Surfaces stay in out/precision.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/jobs/build.sh" fedscape
fedscape=$root/build/fedscape work=$root/out/precision
mkdir -p "$work"
axes=(--x -0.5:0.5:11 --y -0.5:0.5:11)

values() { h5dump -y -w 1 -d "$2" "$1" | sed -n 's/^ *\(-\{0,1\}[0-9][^,]*\),\{0,1\}$/\1/p'; }

measure() { # name, model, options
  local name=$1 model=$2 precision seconds
  shift 2
  for precision in float32 bf16 bf16w2 bf16x2; do
    seconds=$("$fedscape" landscape sweep "$model" "${axes[@]}" "$@" --precision "$precision" --fresh \
      --output "$work/$name-$precision.h5" 2>&1 | sed -n 's/^finished.*(\(.*\) s a point).*/\1/p')
    for metric in test_loss test_acc; do values "$work/$name-$precision.h5" "$metric" >"$work/$metric-$precision.txt"; done
    paste "$work/test_loss-float32.txt" "$work/test_acc-float32.txt" "$work/test_loss-$precision.txt" \
      "$work/test_acc-$precision.txt" | awk -v name="$name" -v precision="$precision" -v seconds="$seconds" '
      function off(a, b) { return a > b ? a - b : b - a }
      $1 < 10 { points++; loss = off($3, $1) / $1; if (loss > worst) worst = loss; if (off($4, $2) > acc) acc = off($4, $2) }
      END { printf "| %s | %s | %s s | %d of %d | %.1e | %.2f |\n", name, precision, seconds, points, NR, worst, acc }'
  done
}

echo "| model | precision | a point | points of a loss below 10 | loss | accuracy |"
echo "| --- | --- | --- | --- | --- | --- |"
if [ $# -gt 0 ]; then
  model=$1 && shift
  measure "$(basename "${model%.*}")" "$model" "$@"
  exit
fi
for network in mlp lenet; do
  "$fedscape" train --network "$network" --epochs 5 --fresh --output "$work/$network.h5" 2>/dev/null
  measure "$network" "$work/$network.h5" "$@"
done
