# The job scripts under Slurm: a time limit that ends before the work does, SIGUSR1 ahead of it, a checkpoint, a requeue by
# the job itself, and the bits of an uninterrupted run at the end. Takes minutes, as time limits are whole ones; runs with
# FEDSCAPE_SLURM=1, where Slurm is installed.
[ "${FEDSCAPE_SLURM:-0}" = 1 ] || { echo "skipped: FEDSCAPE_SLURM=1 runs it"; exit 0; }
for program in munged slurmctld slurmd; do
  PATH=$PATH:/usr/sbin command -v $program >/dev/null || { echo "skipped: there is no $program"; exit 0; }
done
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
source "$root/tests/support/slurm_cluster.sh"
trap 'stop_slurm; rm -rf "$work"' EXIT
start_slurm || fail "Slurm does not start"
export FEDSCAPE=$fedscape
limits=(--ntasks-per-node=2 --cpus-per-task=1 --time=1 --signal=USR1@20 --output="$work/%x.log")

# submit SCRIPT arguments...: waits until the job has ended for good, having been requeued at least once.
submit() {
  local job restarts state log
  job=$(cd "$root" && sbatch --parsable "${limits[@]}" "$@")
  for _ in $(seq 1000); do
    state=$(scontrol show job "$job" | grep -o 'JobState=[A-Z]*')
    case $state in *COMPLETED | *FAILED | *TIMEOUT | *CANCELLED | *NODE_FAIL) break ;; esac
    sleep 0.5
  done
  log=$(basename "$1" .sbatch).log
  [ "$state" = JobState=COMPLETED ] || fail "$1: $state; $(tail -n 20 "$log")"
  restarts=$(scontrol show job "$job" | grep -o 'Restarts=[0-9]*')
  [ "$restarts" != Restarts=0 ] || fail "$1: the work ended before the time limit"
  grep -q "stopped" "$log" || fail "$1: no word of a stop: $(tail -n 20 "$log")"
  echo "$1: $restarts; $(grep -o 'stopped.*\|finished.*' "$log" | tr '\n' ';')"
}

# seconds command...: how long it works on the job's number of ranks, by its last line.
seconds() { on 4 "$@" 2>&1 | sed -n 's/^finished .*, \([0-9.]*\) s[ :].*/\1/p'; }

# Slurm looks at its limits every half minute, so the signal comes 10 to 40 s after a start: a minute's work takes a few.
run=("$fedscape" fl run --data images --clients 12 --cohort 6 --network lenet --algorithm scaffold --threads 1)
rounds=$(awk -v t="$(seconds "${run[@]}" --rounds 100 --output short.h5)" 'BEGIN { print int(100 * 60 / t) }')
on 4 "${run[@]}" --rounds "$rounds" --output whole.h5 2>/dev/null
cat >fl.ini <<END
output = $work/run.h5
data = images
clients = 12
cohort = 6
rounds = $rounds
network = lenet
algorithm = scaffold
threads = 1
END
submit jobs/fl.sbatch "$work/fl.ini"
[ "$(model_of run.h5)" = "$(model_of whole.h5)" ] || fail "the model differs from an uninterrupted run's"

sweep=("$fedscape" landscape sweep "$work/run.h5" --threads 1)
points=$(awk -v t="$(seconds "${sweep[@]}" --x -1:1:15 --y -1:1:15 --output short_surface.h5)" \
  'BEGIN { print int(15 * sqrt(60 / t)) }')
on 4 "${sweep[@]}" --x "-1:1:$points" --y "-1:1:$points" --output whole_surface.h5 2>/dev/null
cat >landscape.ini <<END
model = $work/run.h5
output = $work/surface.h5
x = -1:1:$points
y = -1:1:$points
threads = 1
END
submit jobs/landscape.sbatch "$work/landscape.ini"
surface() { h5dump -d test_loss -d test_acc -d status "$1" | tail -n +2; }
cmp <(surface surface.h5) <(surface whole_surface.h5) || fail "the surface differs from an uninterrupted sweep's"
