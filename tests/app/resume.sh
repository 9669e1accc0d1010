# A run and a sweep that are stopped or killed at any moment finish with the bits of undisturbed ones, on another number
# of ranks, too. FEDSCAPE_KILLS: how many random moments of each kind of state.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
kills=${FEDSCAPE_KILLS:-3}
RANDOM=${FEDSCAPE_SEED:-7}

# random TOP: a random number from 0 to TOP.
random() { awk -v r=$RANDOM -v top="$1" 'BEGIN { print top * r / 32768 }'; }

# Units of work done on kill.h5: lines of its history, records in its journals.
lines() { (cat kill.csv 2>/dev/null || true) | wc -l; }
records() { echo $(($( (cat kill.h5.journal.* 2>/dev/null || true) | wc -c) / 68)); }

# What is compared.
model_and_lines() { model_of "$1.h5" && wc -l <"$1.csv"; }
column_of() { awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) c = i } { print $c }' "$1.csv"; }
model_and_epsilons() { model_of "$1.h5" && column_of "$1" epsilon && column_of "$1" clipped; }
surface() { h5dump -d test_loss -d test_acc -d status "$1.h5" | tail -n +2; }

# interrupt SIGNAL UNITS RANKS command...: starts it anew and sends the signal when so many units are done, and a random
# part of the next one. Leaves its exit code in $code, and in $at how many units were done.
interrupt() {
  local signal=$1 units=$2 ranks=$3 pid
  shift 3
  rm -rf kill.*
  bash "$root/jobs/launch.sh" "$ranks" "$@" --output kill.h5 2>kill.txt &
  pid=$!
  while [ "$($progress)" -lt "$units" ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
  sleep "$(random "$unit_seconds")"
  at=$($progress)
  if [ "$signal" = KILL ]; then kill_ranks $pid; else kill -"$signal" $pid 2>/dev/null || true; fi
  code=0
  wait $pid || code=$?
}

# survives KIND UNITS PROGRESS RESULT command...: one stop and all kills of a command with so many units of work.
survives() {
  local kind=$1 units=$2 progress=$3 result=$4 inside=0 expected i ranks begin unit_seconds
  shift 4
  begin=$(date +%s.%N)
  on 2 "$@" --output whole.h5 --fresh 2>whole.txt || fail "$kind: $(tail -n 3 whole.txt)"
  unit_seconds=$(awk -v a="$begin" -v b="$(date +%s.%N)" -v n="$units" 'BEGIN { print (b - a) / n }')
  expected=$($result whole)
  interrupt USR1 $((units / 4)) 3 "$@"
  [ "$code" = 85 ] || fail "$kind: SIGUSR1 after $at of $units gave exit code $code: $(tail -n 3 kill.txt)"
  for i in $(seq 0 "$kills"); do
    ranks=$((1 + i % 4))
    if [ "$i" -gt 0 ]; then
      interrupt KILL $((i == 1 ? 0 : 1 + RANDOM % (units - 1))) $ranks "$@" # the first one while it starts
      if [ "$code" = 137 ]; then inside=$((inside + 1)); fi
    fi
    on $((1 + ranks % 4)) "$@" --output kill.h5 2>kill.txt ||
      fail "$kind: ended after $at of $units, resuming failed: $(tail -n 3 kill.txt)"
    [ "$($result kill)" = "$expected" ] || fail "$kind: ended after $at of $units and resumed, the result differs"
  done
  echo "$kind: $inside of $kills kills came before it ended"
  [ "$((2 * inside))" -ge "$kills" ] || fail "$kind is too short to be killed at work"
}

data=(--data images --train-samples 1200 --network lenet --batch 10 --threads 1 --save-seconds 0)
federation=("$fedscape" fl run "${data[@]}" --test-samples 100 --clients 12 --cohort 6 --rounds 30)
survives "a run with client memory" 31 lines model_and_lines "${federation[@]}" --algorithm scaffold
survives "a run with more client memory than its budget" 31 lines model_and_lines "${federation[@]}" \
  --algorithm scaffold --memory-budget 150k
survives "a run with server memory" 31 lines model_and_lines "${federation[@]}" --algorithm fedopt
survives "a run with all memories and penalties" 31 lines model_and_lines "${federation[@]}" --algorithm scaffold \
  --fedprox.prox-mu 0.01 --wsa.lambda 0.0001 --sign.gamma 0.001 --sign.elect true
for system in "feddyn" "fednova --fednova.server-momentum 0.5" "moon" "lg-fedavg" "apfl --apfl.adaptive true"; do # stopped and resumed, not killed
  kills=0 survives "a run of $system" 31 lines model_and_lines "${federation[@]}" --algorithm $system
done
kills=0 survives "a private run" 31 lines model_and_epsilons "${federation[@]}" --privacy.clip 0.5 --privacy.noise 0.5
kills=0 survives "a run of local privacy" 31 lines model_and_epsilons "${federation[@]}" --privacy.clip 0.5 \
  --privacy.noise 0.1 --privacy.local
survives "central training" 31 lines model_and_lines "$fedscape" train "${data[@]}" --test-samples 100 --epochs 30
cp whole.h5 origin.h5
survives "a sweep" 225 records surface "$fedscape" landscape sweep origin.h5 --data images --test-samples 1000 \
  --x -1:1:15 --y -1:1:15 --save-seconds 0 --threads 1
