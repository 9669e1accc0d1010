#!/bin/bash
# Do position-aware neurons keep local models aligned (Li et al., CVPR 2022)? For 5 seeds: a federation of one and of twenty
# rounds on Dirichlet(0.1), then local models of 20 epochs, and the share of neurons that an assignment leaves in their
# place, told by activations and by preferences (`fedscape pan align`). Prints means +- half of the 95 % interval (Student's
# t, 4 degrees of freedom), of the shares and of the differences to plain neurons, seed by seed; distance: of the local
# models from the global one, in multiples of that without encoding.
#   bash benchmarks/alignment.sh [OPTIONS OF fl run]        # three minutes on 2 cores
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ -z "${FEDSCAPE:-}" ]; then bash "$root/jobs/build.sh" fedscape; fi
fedscape=${FEDSCAPE:-$root/build/fedscape} work=$root/out/alignment
mkdir -p "$work"

# One line for each layer: encoding, seed, layer, activations, preferences, distance.
measure() { # rounds, encoding, seed
  local kind=${2%%:*} amplitude=${2##*:}
  if [ "$kind" = none ]; then amplitude=-1; fi
  "$fedscape" fl run --config "$root/jobs/configs/pan_fashion.ini" --alpha 0.1 --rounds "$1" --seed "$3" --fresh \
    --network.pan "$kind" --network.pan-amplitude "$amplitude" --output "$work/run.h5" "${options[@]}" 2>/dev/null
  "$fedscape" pan align "$work/run.h5" --seed "$3" --local-models 6 --epochs 20 2>/dev/null |
    awk -v encoding="$2" -v seed="$3" '
      /^client/ { distance += $3; clients++ }
      NF == 5 && $2 ~ /^[0-9]+$/ { print encoding, seed, $1, $4, $5, distance / clients }'
}

options=("$@")
echo "| rounds | encoding | layer | activations | difference | preferences | difference | distance |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
for rounds in 1 20; do
  for encoding in none mul:0.5 mul:1 add:0.5 add:2; do
    for seed in 1 2 3 4 5; do measure "$rounds" "$encoding" "$seed"; done
  done | awk -v rounds="$rounds" '
    function mean(v, key, i, sum) { for (i = 1; i <= 5; i++) sum += v[key, i]; return sum / 5 }
    function half(v, key, i, m, sum) {
      m = mean(v, key)
      for (i = 1; i <= 5; i++) sum += (v[key, i] - m) ^ 2
      return 2.776 * sqrt(sum / 4 / 5)
    }
    function cell(v, key) { return sprintf("%.1f +- %.1f", mean(v, key), half(v, key)) }
    function change(v, key) { return key == plain ? "-" : sprintf("%+.1f +- %.1f", mean(v, key), half(v, key)) }
    {
      key = $1 " | " $3
      if (!(key in seen)) { seen[key]; keys[++count] = key; layer[key] = $3; encoding[key] = $1 }
      activation[key, $2] = $4; preference[key, $2] = $5; distance[key, $2] = $6
      plain = "none | " $3
      gain[key, $2] = $4 - activation[plain, $2]; told[key, $2] = $5 - preference[plain, $2]
    }
    END {
      for (k = 1; k <= count; k++) {
        key = keys[k]; plain = "none | " layer[key]
        printf "| %d | %s | %s | %s | %s | %s | %.2f |\n", rounds, key, cell(activation, key),
          change(gain, key), cell(preference, key), change(told, key), mean(distance, key) / mean(distance, plain)
      }
    }'
done
