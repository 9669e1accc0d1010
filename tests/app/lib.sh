# What the end-to-end tests share. Sourced with the path of the fedscape binary as $1; leaves $root, $fedscape and an
# empty folder as the current one.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
fedscape=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# on N command...: the command on N ranks.
on() { bash "$root/jobs/launch.sh" "$@"; }

# refused TEXT command...: exit code 2, one line on stderr that contains TEXT.
refused() {
  local text=$1 code=0
  shift
  "$@" >stdout.txt 2>stderr.txt || code=$?
  [ "$code" = 2 ] || fail "exit code $code, not 2, of: $* ($(cat stderr.txt))"
  [ "$(grep -c '^fedscape: ' stderr.txt)" = 1 ] || fail "not one message but: $(cat stderr.txt)"
  grep -qF -- "$text" stderr.txt || fail "no '$text' in: $(cat stderr.txt)"
}

# model_of RUN: the hash of its model.
model_of() {
  "$fedscape" export "$1" model_of.safetensors >/dev/null 2>&1 || fail "cannot export $1"
  sha256sum <model_of.safetensors
}

# mpirun_under PID: the process id of the mpirun among it and its descendants.
mpirun_under() {
  local child
  if [ "$(ps -o comm= -p "$1")" = mpirun ]; then echo "$1" && return; fi
  for child in $(pgrep -P "$1"); do mpirun_under "$child"; done
}

# kill_ranks PID: SIGKILL to all ranks under the launcher of this process id; where none has started, to what would
# start them. The launcher stands still meanwhile, so that nothing starts unseen.
kill_ranks() {
  local mpirun
  kill -STOP "$1" 2>/dev/null || return 0
  mpirun=$(mpirun_under "$1")
  if [ -z "$mpirun" ]; then
    pkill -9 -P "$1" || true
    kill -9 "$1"
  else
    pkill -9 -P "$mpirun" || kill -9 "$mpirun" || true
    kill -CONT "$1"
    for _ in $(seq 50); do if kill -0 "$mpirun" 2>/dev/null; then sleep 0.1; else return 0; fi; done
    kill -9 "$mpirun" # mpirun may wait for ever for a rank that died while it was starting
  fi
}
