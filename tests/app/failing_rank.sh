# One rank that dies or fails ends all ranks soon; the exit code and a line say how. Nothing hangs.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
timeout 120 bash "$root/jobs/launch.sh" 3 "$fedscape" fl run --data images --rounds 100000 --network mlp --clients 10 \
  --cohort 5 --output run.h5 2>err.txt &
pid=$!
for _ in $(seq 300); do if grep -q "round 2/" err.txt; then break; fi; sleep 0.1; done
kill -9 "$(pgrep -P "$(mpirun_under $pid)" | tail -n 1)"
code=0
wait $pid || code=$?
[ "$code" = 137 ] || fail "exit code $code: $(tail -n 3 err.txt)"
grep -q "signal 9" err.txt || fail "no word about the signal: $(tail -n 3 err.txt)"

# ends_all TEXT command...: on 3 ranks of which rank 2 alone may not let a file grow, as if its disk were full. TCP, as
# shared memory between the ranks is files, too.
ends_all() {
  local text=$1 code=0
  shift
  OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo timeout 120 bash "$root/jobs/launch.sh" 3 bash -c '
    if [ "$OMPI_COMM_WORLD_RANK" = 2 ]; then trap "" XFSZ; ulimit -f 0; fi
    exec "$@"' _ "$@" 2>err.txt || code=$?
  [ "$code" = 1 ] || fail "exit code $code, not 1, of: $* ($(tail -n 3 err.txt))"
  grep -q "^fedscape: rank 2: .*$text" err.txt || fail "no 'rank 2: $text' in: $(tail -n 3 err.txt)"
}
"$fedscape" fl run --data images --rounds 1 --network mlp --clients 10 --cohort 5 --output model.h5 2>/dev/null
ends_all "surface.h5.journal.2: cannot be written" "$fedscape" landscape sweep model.h5 --x -1:1:101 --y -1:1:101 \
  --output surface.h5
ends_all "memory.h5.clients: client memory cannot be written" "$fedscape" fl run --data images --rounds 100000 --network mlp \
  --clients 10 --cohort 5 --algorithm scaffold --output memory.h5
