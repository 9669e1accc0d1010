# fl compare: conditions are equal, every run is that of fl run, and a comparison that is stopped or killed goes on to the
# same table.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
data=(--data images --train-samples 400 --test-samples 100 --clients 8 --cohort 3 --network lenet --batch 10 --threads 1)
entries=fedavg,wsa=fedavg:wsa.lambda=0.0001,scaffold,both=scaffold:wsa.lambda=0.0001:network.pan=mul,lg-fedavg
compare=("$fedscape" fl compare "${data[@]}" --algorithms "$entries" --seeds 2 --seed 5 --rounds 6 --last 2
  --client-statistics true --save-seconds 0)

on 2 "${compare[@]}" --output whole >table.txt 2>log.txt || fail "$(tail -n 3 log.txt)"
for word in "| wsa " "clients' own models" "p: paired t-test" "Means over 2 seed(s), 5 to 6"; do
  grep -qF "$word" table.txt || fail "no '$word' in the table: $(cat table.txt)"
done
grep -qF "fedscape fl compare --data images" whole/compare.md || fail "no command in compare.md: $(cat whole/compare.md)"
[ "$(head -c 4 whole/compare.png | tail -c 3)" = PNG ] || fail "whole/compare.png is no picture"
[ "$(grep -vc '^label' whole/compare.csv)" = 10 ] || fail "not ten runs: $(cat whole/compare.csv)"

# Equal conditions: initial models and cohorts are functions of the seed alone, and differ between seeds.
for seed in 5 6; do
  [ "$(awk -F, -v s=$seed '$2 == s { print $3 }' whole/compare.csv | sort -u | wc -l)" = 1 ] ||
    fail "initial models of seed $seed differ: $(cat whole/compare.csv)"
  for object in initial_signs client_weights/client metrics/samples metrics/steps; do
    for run in whole/*-seed$seed.h5; do h5dump -y -d $object "$run" | tail -n +2 | sha256sum; done | sort -u >objects.txt
    [ "$(wc -l <objects.txt)" = 1 ] || fail "$object differs between runs of seed $seed"
    cat objects.txt >>"all_${object//\//_}.txt"
  done
done
for object in initial_signs client_weights_client; do
  [ "$(sort -u "all_$object.txt" | wc -l)" = 2 ] || fail "$object is the same for both seeds"
done

# Each is the run of fl run.
"$fedscape" fl run "${data[@]}" --algorithm scaffold --wsa.lambda 0.0001 --network.pan mul --seed 6 --rounds 6 \
  --client-statistics true --output alone.h5 2>/dev/null
[ "$(model_of alone.h5)" = "$(model_of whole/both-seed6.h5)" ] || fail "the model is not that of fl run"

# A config of fl run does; without --algorithms its algorithm is all there is.
printf '%s\n' "algorithm = fedrs" "output = run.h5" "rounds = 2" "[fedrs]" "alpha = 0.25" >run.ini
"$fedscape" fl compare --config run.ini "${data[@]}" --seeds 2 --output config >config.txt 2>/dev/null
grep -q "| fedrs " config.txt && h5dump -a /options/fedrs.alpha config/fedrs-seed2.h5 | grep -q 0.25 ||
  fail "not the run of the config: $(cat config.txt)"

# Finished runs are left alone.
touch before
sleep 0.1
"${compare[@]}" --output whole >again.txt 2>log.txt || fail "$(tail -n 3 log.txt)"
cmp table.txt again.txt || fail "the table differs when nothing is left to do"
[ -z "$(find whole -name '*.h5' -newer before)" ] || fail "written again: $(find whole -newer before)"

# rounds: how many there are of all runs in kill/.
rounds() { (cat kill/*.csv 2>/dev/null || true) | grep -c '^[0-9]' || true; }

# interrupt SIGNAL ROUNDS RANKS: goes on in kill/ and sends the signal after so many rounds. Leaves the exit code in $code.
interrupt() {
  local pid
  bash "$root/jobs/launch.sh" "$3" "${compare[@]}" --output kill >/dev/null 2>kill.txt &
  pid=$!
  while [ "$(rounds)" -lt "$2" ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
  if [ "$1" = KILL ]; then kill_ranks $pid; else kill -"$1" $pid; fi
  code=0
  wait $pid || code=$?
}
interrupt USR1 4 2
[ "$code" = 85 ] || fail "SIGUSR1 gave exit code $code: $(tail -n 3 kill.txt)"
[ ! -e kill/compare.csv ] || fail "a table before all runs of a seed"
interrupt KILL 20 3
[ "$code" = 137 ] || fail "SIGKILL gave exit code $code: $(tail -n 3 kill.txt)"
interrupt KILL 44 1
[ "$code" = 137 ] || fail "SIGKILL gave exit code $code: $(tail -n 3 kill.txt)"
grep -q "^wsa,5," kill/compare.csv && ! grep -q "^wsa,6," kill/compare.csv ||
  fail "the table of the first seed was expected: $(cat kill/compare.csv)"
on 2 "${compare[@]}" --output kill >/dev/null 2>log.txt || fail "$(tail -n 3 log.txt)"
cmp whole/compare.csv kill/compare.csv || fail "a comparison that was killed has another table"

# One seed; a gnuplot that fails spoils nothing.
one=("$fedscape" fl compare "${data[@]}" --algorithms fedavg,prox=fedavg:fedprox.prox-mu=0.1 --seeds 1 --rounds 2)
"${one[@]}" --output one >one.txt 2>/dev/null
grep -q "+-" one.txt && fail "an interval of one seed: $(cat one.txt)"
on 2 "${one[@]}" --output dry --dry-run >dry.txt 2>/dev/null
[ "$(grep -c "estimated time" dry.txt)" = 2 ] && [ ! -e dry ] || fail "dry run: $(cat dry.txt)"
mkdir bin && printf '#!/bin/sh\nexit 1\n' >bin/gnuplot && chmod +x bin/gnuplot
PATH=$work/bin:$PATH "${one[@]}" --output one >two.txt 2>log.txt || fail "without gnuplot: $(tail -n 3 log.txt)"
cmp one.txt two.txt && grep -q "gnuplot could not draw one/compare.gp" log.txt || fail "gnuplot: $(cat log.txt)"

# An algorithm that diverges is a row of the table.
on 2 "${one[@]}" --output lost --algorithms fedavg,fast=fedavg:lr=1e30 >lost.txt 2>log.txt || fail "$(tail -n 3 log.txt)"
grep -q "| fast *| diverged: 1 of 1 " lost.txt && grep -q "fast, seed 1 diverged: client [0-9]*, round 1" log.txt ||
  fail "not told of: $(cat lost.txt)"

# The scenes of comparisons, on generated images of the shape of their data.
for config in "$root"/jobs/configs/compare_*.ini; do
  name=$(basename "$config" .ini)
  "$fedscape" fl compare --config "$config" --data images --side 28 --train-samples 4000 --test-samples 100 --rounds 1 \
    --cohort 2 --local-steps 2 --seeds 1 --output "$name" >table.txt 2>log.txt || fail "$name: $(tail -n 3 log.txt)"
done

# What cannot be run is refused before anything is.
refused "did you mean 'lr'" "${one[@]}" --output refused --algorithms fedavg,fedavg:lrr=1
refused "did you mean 'scaffold'" "${one[@]}" --output refused --algorithms fedavg,scafold
refused "seed: all entries share this option" "${one[@]}" --output refused --algorithms fedavg:seed=3
refused "which is not among the algorithms fedavg,prox=" "${one[@]}" --output refused --fedopt.server-lr 1
refused "did you mean 'mixture'" "${one[@]}" --output refused \
  --algorithms fedavg,fedavg:wsa.lambda=0.1:wsa.fusion=mixtur
refused "did you mean 'lenet'" on 2 "${one[@]}" --output refused --algorithms fedavg,fedavg:network=lenett
refused "seeds: 1 to 1000 were expected, not 0" "${one[@]}" --output refused --seeds 0
[ ! -e refused ] || fail "left behind: $(ls refused)"
refused "scaffold-seed5.h5: /: made with option lr = '0.1', not '0.2'" "${compare[@]}" --output whole \
  --algorithms moon,scaffold --lr 0.2
[ ! -e whole/moon-seed5.h5 ] || fail "trained before what lies there was looked at"
