#!/bin/bash
# Which federated algorithms are better than FedAvg, and is it more than chance? Scenes of their authors on Fashion-MNIST,
# equal conditions, 5 seeds. Writes benchmarks/results/compare-<scene>.md, .csv and .png:
#   bash benchmarks/compare.sh [--short] [--scenes map,label,dirichlet,pan,all,norm] [--ranks 2] [--folder F] [--results FOLDER]
#                              [--more "OPTIONS OF fl compare"]
# map, label, dirichlet: jobs/configs/compare_map_fashion.ini on its own incomplete classes, on two classes a client and on
# Dirichlet(0.1). pan: jobs/configs/compare_pan_fashion.ini. all: jobs/configs/compare_all_fashion.ini, the catalogue; norm:
# FedBN there, on LeNet with batch norms. --short: 2 seeds, 3 rounds, and no results are written.
# Stopped or killed, the same command goes on.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scenes=map,label,dirichlet,pan,all,norm ranks=2 folder=$root/out/benchmarks/compare results=$root/benchmarks/results more=()
while [ $# -gt 0 ]; do
  case $1 in
    --short)
      more+=(--rounds 3 --evaluate-every 1 --last 1 --seeds 2) folder+=-short results=
      shift
      ;;
    --scenes | --ranks | --folder | --results) declare "${1#--}=$2" && shift 2 ;;
    --more) read -ra options <<<"$2" && more+=("${options[@]}") && shift 2 ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
  esac
done
if [ -z "${FEDSCAPE:-}" ]; then bash "$root/jobs/build.sh" fedscape; fi
fedscape=${FEDSCAPE:-$root/build/fedscape}
normed="conv 6 5 pad=2, batch_norm, relu, pool 2, conv 16 5, batch_norm, relu, pool 2, flatten"
normed+=", linear 120, relu, linear 84, relu, linear"
cd "$root" # so that the commands in the tables name the configs from here

for scene in ${scenes//,/ }; do
  case $scene in
    map) options=(--config jobs/configs/compare_map_fashion.ini) ;;
    label) options=(--config jobs/configs/compare_map_fashion.ini --partition label --classes-per-client 2) ;;
    dirichlet) options=(--config jobs/configs/compare_map_fashion.ini --partition dirichlet --alpha 0.1) ;;
    pan) options=(--config jobs/configs/compare_pan_fashion.ini) ;;
    all) options=(--config jobs/configs/compare_all_fashion.ini) ;;
    norm)
      options=(--config jobs/configs/compare_all_fashion.ini --algorithms fedavg,fedbn)
      options+=(--network layers --network.layers "$normed")
      ;;
    *) echo "compare: there is no scene '$scene'; map, label, dirichlet, pan, all and norm are" >&2 && exit 2 ;;
  esac
  echo "== $scene"
  bash jobs/launch.sh "$ranks" "$fedscape" fl compare "${options[@]}" --output "$folder/$scene" "${more[@]}"
  if [ -z "$results" ]; then continue; fi
  mkdir -p "$results"
  for kind in md csv png; do cp "$folder/$scene/compare.$kind" "$results/compare-$scene.$kind"; done
done
