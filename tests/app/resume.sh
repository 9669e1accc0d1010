# A run and a sweep that are stopped or killed at any moment finish with the bits of undisturbed ones, on another number
# of ranks, too. FEDSCAPE_KILLS: how many random moments of each.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
kills=${FEDSCAPE_KILLS:-3}
RANDOM=${FEDSCAPE_SEED:-7}
run=("$fedscape" fl run --data images --train-samples 600 --test-samples 100 --clients 12 --cohort 6 --rounds 30
  --network lenet --batch 10 --save-seconds 0 --algorithm scaffold --threads 1)
seconds() { date +%s.%N; }

# moment TOTAL: a random one within TOTAL seconds.
moment() { awk -v r=$RANDOM -v t="$1" 'BEGIN { print t * r / 32768 }'; }

begin=$(seconds)
on 2 "${run[@]}" --output whole.h5 2>/dev/null
total=$(awk -v a="$begin" -v b="$(seconds)" 'BEGIN { print b - a }')
expected=$(model_of whole.h5)

# SIGUSR1: stops after a round, saves, exits 85; resubmitted on 3 ranks it finishes.
bash "$root/jobs/launch.sh" 2 "${run[@]}" --rounds 2000 --output stop.h5 2>stop.txt &
pid=$!
for _ in $(seq 100); do if grep -q "round 3/" stop.txt; then break; fi; sleep 0.1; done
kill -USR1 $pid
code=0
wait $pid || code=$?
[ "$code" = 85 ] || fail "SIGUSR1 gave exit code $code: $(tail -n 3 stop.txt)"
stopped=$(grep -o 'stopped after round [0-9]*' stop.txt | grep -o '[0-9]*$')
if [ "$stopped" -lt 30 ]; then
  on 3 "${run[@]}" --output stop.h5 2>/dev/null
  [ "$(model_of stop.h5)" = "$expected" ] || fail "stopped after round $stopped and resumed, the model differs"
fi

# SIGKILL at random moments, then another number of ranks.
for i in $(seq "$kills"); do
  at=$(moment "$total")
  bash "$root/jobs/launch.sh" $((1 + i % 4)) "${run[@]}" --output kill.h5 2>/dev/null &
  pid=$!
  sleep "$at"
  kill_ranks $pid
  wait $pid || true
  on $((1 + (i + 1) % 4)) "${run[@]}" --output kill.h5 2>kill.txt || fail "killed after $at s, resuming failed: $(tail -n 3 kill.txt)"
  [ "$(model_of kill.h5)" = "$expected" ] || fail "killed after $at s and resumed, the model differs"
  [ "$(wc -l <kill.csv)" = "$(wc -l <whole.csv)" ] || fail "killed after $at s: $(wc -l <kill.csv) lines in kill.csv"
  rm -rf kill.*
done

# The same for a sweep; its file is compared as numbers.
sweep=("$fedscape" landscape sweep whole.h5 --x -1:1:15 --y -1:1:15 --save-seconds 0 --threads 1)
begin=$(seconds)
on 2 "${sweep[@]}" --output surface.h5 2>/dev/null
total=$(awk -v a="$begin" -v b="$(seconds)" 'BEGIN { print b - a }')
values() { h5dump -d test_loss -d test_acc -d status "$1" | tail -n +2; }
values surface.h5 >expected.txt
for i in $(seq "$kills"); do
  at=$(moment "$total")
  bash "$root/jobs/launch.sh" $((1 + i % 4)) "${sweep[@]}" --output again.h5 2>/dev/null &
  pid=$!
  sleep "$at"
  kill_ranks $pid
  wait $pid || true
  on $((1 + (i + 1) % 4)) "${sweep[@]}" --output again.h5 2>kill.txt || fail "killed after $at s, resuming the sweep failed: $(tail -n 3 kill.txt)"
  values again.h5 | cmp -s - expected.txt || fail "killed after $at s and resumed, the surface differs"
  rm -rf again.*
done
