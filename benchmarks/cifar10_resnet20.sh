#!/bin/bash
# Does the command line get a trained network right, and how fast? A ResNet-20 as PyTorch's state dict in a safetensors
# file, on CIFAR-10's test images as a folder of JPEG files: PyTorch has 8,103 of the 10,000 correct with a mean
# cross-entropy of 0.8788. Fails where the correct ones differ by more than 2 or the cross-entropy by more than 1e-4.
# Usage: bash benchmarks/cifar10_resnet20.sh MODEL.safetensors FOLDER      (FOLDER/test/<class>/*.jpg)
set -euo pipefail
if [ $# != 2 ]; then
  echo "usage: cifar10_resnet20.sh MODEL.safetensors FOLDER" >&2
  exit 2
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$root/build/fedscape" import "$1" "$work/model.h5" --network resnet20 --data folder --data-path "$2" \
  --normalize '0.485,0.456,0.406;0.229,0.224,0.225'
bash "$root/jobs/launch.sh" 2 "$root/build/fedscape" evaluate "$work/model.h5" --threads 1 | tee "$work/metrics.txt"
awk '$1 == "correct" { correct = $2 } $1 == "loss" { loss = $2 }
  END { exit !(8101 <= correct && correct <= 8105 && 0.8787 <= loss && loss <= 0.8789) }' "$work/metrics.txt" || {
  echo "FAILED: 8103 correct and a loss of 0.8788 were expected" >&2
  exit 1
}
