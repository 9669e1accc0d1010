#!/bin/bash
# Installs what building, testing and plotting need from Debian packages; silent when nothing is missing.
# Usage: bash jobs/setup.sh [--full]      --full: also what tests/full.sh needs (clang)
set -euo pipefail
packages=(
  g++ cmake ninja-build pkg-config
  libopenmpi-dev openmpi-bin libhdf5-openmpi-dev hdf5-tools
  libboost-program-options-dev libboost-math-dev libdnnl-dev librandom123-dev libfmt-dev libspdlog-dev nlohmann-json3-dev
  zlib1g-dev libjpeg-dev libpng-dev liblemon-dev
  libgtest-dev libgmock-dev libbenchmark-dev clang-format-14
  gnuplot-nox fonts-dejavu-core
  dataset-fashion-mnist
)
if [ "${1:-}" = --full ]; then packages+=(clang-14); fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "setup: this is no Debian system; CMake will name what is missing. Debian's names: ${packages[*]}" >&2
  exit 0
fi
installed=$'\n'$(dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Provides}\n' |
  sed -n 's/^ii *//p' | sed 's/([^)]*)//g' | tr -s ', ' '\n')$'\n'
missing=()
for package in "${packages[@]}"; do
  if [[ $installed != *$'\n'"$package"$'\n'* ]]; then missing+=("$package"); fi
done
if [ ${#missing[@]} = 0 ]; then exit 0; fi

install="apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" = 0 ]; then
  as_root=()
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  as_root=(sudo)
else
  echo "setup: missing are ${missing[*]}; installing them needs root. Ask for, or run as root:" >&2
  echo "    apt-get update && $install" >&2
  exit 1
fi
echo "setup: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! "${as_root[@]}" apt-get update >"$log" 2>&1 ||
   ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive $install >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "setup: could not install; tried: apt-get update && $install" >&2
  exit 1
fi
