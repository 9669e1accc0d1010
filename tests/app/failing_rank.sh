# One rank that dies ends all ranks soon; the exit code and a line say how. Nothing hangs.
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

