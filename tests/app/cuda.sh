# On a CUDA device, real or emulated, federations, training, evaluation and sweeps come out as on the CPU.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
if [ "$(basename "$fedscape")" = run.sh ]; then on() { "$fedscape" -n "$@"; }; program=(); else program=("$fedscape"); fi # a bundle
data=(--data images --train-samples 300 --test-samples 100)
small=(--clients 4 --cohort 3 --batch 10 --seed 3)
if ! "$fedscape" fl run "${data[@]}" "${small[@]}" --rounds 1 --network logistic --device cuda --output none.h5 2>why.txt; then
  grep -q "no usable CUDA device" why.txt || fail "neither a device nor the reason: $(cat why.txt)"
  echo "skipped: there is no CUDA device" && exit
fi

# near A B BOUND: all numbers of two tables of equal columns differ by no more than BOUND, relative to 1 or their size.
near() {
  paste -d , "$1" "$2" | awk -F , -v bound="$3" '
    function size(x) { return x < 0 ? -x : x }
    function off(a, b,   s) { s = size(a) > 1 ? size(a) : 1; return size(a - b) / s }
    NR > 1 { n = NF / 2; for (i = 1; i <= n; ++i) if ($i != $(i + n) && !(off($i, $(i + n)) <= bound)) {
      print FILENAME ": column " i " of line " NR ": " $i " and " $(i + n); exit 1 } }
    END { if (NR < 2) { print "no numbers"; exit 1 } }'
}
# same A B: both runs end with the same model.
same() {
  local a b
  a=$(model_of "$1") || exit 1
  b=$(model_of "$2") || exit 1
  [ "$a" = "$b" ]
}
# differs WHAT: goes on, so that one run on a GPU shows all that is wrong.
different=0
differs() {
  echo "FAILED: $*" >&2
  different=1
}
# Losses and norms of a run's rounds. Accuracies are not among them: one sample of 100 is 1 %.
numbers() { cut -d , -f 1-3,14 "$1"; }

rounds=20 # the emulation takes its time
if [ "${FEDSCAPE_EMULATED:-0}" = 1 ]; then rounds=2 && data=(--data images --train-samples 120 --test-samples 40); fi
for network in lenet resnet8; do
  for device in cpu cuda; do
    "$fedscape" fl run "${data[@]}" "${small[@]}" --rounds $rounds --network $network --lr 0.02 --models-per-stack 3 \
      --device $device --output $network-$device.h5 2>log.txt || fail "$(cat log.txt)"
  done
  near <(numbers $network-cpu.csv) <(numbers $network-cuda.csv) 1e-3 || differs "$network"
done
for algorithm in $("$fedscape" list | sed -n '/^algorithms/,/^[a-z]/s/^  \([a-z][a-z0-9-]*\) .*/\1/p'); do
  case $algorithm in feddf | mrtf) more=(--$algorithm.steps 20) ;; *) more=() ;; esac
  for device in cpu cuda; do
    "$fedscape" fl run "${data[@]}" "${small[@]}" --rounds 2 --network mlp --network.hidden 16 --algorithm "$algorithm" \
      --lr 0.02 "${more[@]}" --device $device --output algorithm-$device.h5 --fresh 2>log.txt || differs "$algorithm on $device: $(cat log.txt)"
  done
  near <(numbers algorithm-cpu.csv) <(numbers algorithm-cuda.csv) 1e-3 || differs "$algorithm"
done
# Steps are captured and launched again: with other rates, other batches, another number of clients.
for device in cpu cuda; do
  "$fedscape" fl run "${data[@]}" "${small[@]}" --rounds 3 --epochs 3 --network mlp --network.hidden 16 \
    --partition dirichlet --momentum 0.9 --lr 0.05 --schedule cosine --crop 2 --flip true --device $device \
    --output rates-$device.h5 2>log.txt || fail "changing rates on $device: $(cat log.txt)"
  "$fedscape" train "${data[@]}" --network mlp --network.hidden 16 --batch 25 --epochs 3 --optimizer adamw --lr 0.01 \
    --schedule cosine --device $device --output train-$device.h5 2>log.txt || fail "training on $device: $(cat log.txt)"
done
near <(numbers rates-cpu.csv) <(numbers rates-cuda.csv) 1e-3 || differs "changing rates"
near <(cut -d , -f 1-3 train-cpu.csv) <(cut -d , -f 1-3 train-cuda.csv) 1e-3 || differs "training"
# In tf32 nearly so.
for precision in float32 tf32; do
  "$fedscape" fl run "${data[@]}" "${small[@]}" --rounds 2 --network lenet --lr 0.02 --precision $precision --device cuda \
    --output $precision.h5 2>log.txt || fail "$(cat log.txt)"
done
near <(numbers float32.csv) <(numbers tf32.csv) 1e-2 || differs "tf32"
cmp -s <(numbers float32.csv) <(numbers tf32.csv) && differs "tf32 is float32"

# Whatever the stack, the same bits; also where there is no room for it, be it when it is made or in a step.
if [ "${FEDSCAPE_EMULATED:-0}" = 1 ]; then
  wide=(fl run --data images --train-samples 400 --test-samples 100 --clients 8 --cohort 8 --batch 10 --rounds 2 --device cuda
    --network mlp --network.hidden 512)
  "$fedscape" "${wide[@]}" --output wide.h5 2>log.txt || fail "$(cat log.txt)"
  for memory in 12000000 16000000; do
    FEDSCAPE_EMULATED_MEMORY=$memory "$fedscape" "${wide[@]}" --models-per-stack 8 --fresh --output narrow.h5 2>narrow.txt ||
      fail "$(cat narrow.txt)"
    [ "$(grep -c "going on with 4 clients side by side" narrow.txt)" = 1 ] || fail "not halved once: $(cat narrow.txt)"
    [ "$(model_of wide.h5)" = "$(model_of narrow.h5)" ] || fail "smaller stacks train another model"
  done
fi
lenet=(fl run "${data[@]}" "${small[@]}" --rounds $rounds --network lenet --lr 0.02 --device cuda)
for stack in 1 2; do
  "$fedscape" "${lenet[@]}" --models-per-stack $stack --output stack.h5 --fresh 2>log.txt || fail "$(cat log.txt)"
  same stack.h5 lenet-cuda.h5 || differs "a stack of $stack trains another model than one of 3"
done
# Whatever the ranks and threads.
on 2 "${program[@]}" "${lenet[@]}" --output ranks.h5 2>log.txt || fail "2 ranks: $(cat log.txt)"
same ranks.h5 lenet-cuda.h5 || differs "2 ranks train another model than one"
"$fedscape" "${lenet[@]}" --threads 2 --models-per-stack 1 --output threads.h5 2>log.txt || fail "2 threads: $(cat log.txt)"
same threads.h5 lenet-cuda.h5 || differs "2 threads train another model than one"
train=(train "${data[@]}" --network mlp --network.hidden 16 --batch 25 --epochs 2 --lr 0.02 --device cuda)
"$fedscape" "${train[@]}" --output one.h5 2>log.txt || fail "$(cat log.txt)"
on 2 "${program[@]}" "${train[@]}" --output two.h5 2>log.txt || fail "training on 2 ranks: $(cat log.txt)"
same one.h5 two.h5 || differs "training on 2 ranks gives another model than on one"

# Products that libraries can do are theirs; whatever the stack, the same bits.
"$fedscape" tune measured.json "${data[@]}" --network lenet --batch 10 --models 3 >tuned.txt 2>log.txt || fail "tune: $(cat log.txt)"
awk '/"library_seconds"/ { can = $2 + 0 > 0 } /"library":/ && can { sub("false", "true"); ++n } { print } END { exit n == 0 }' \
  measured.json >tuning.json || fail "no product for a library: $(cat tuned.txt)"
for stack in 1 2 3; do
  "$fedscape" "${lenet[@]}" --models-per-stack $stack --tuning tuning.json --output tuned-$stack.h5 2>log.txt ||
    fail "with libraries: $(cat log.txt)"
  same tuned-$stack.h5 tuned-1.h5 || differs "with libraries a stack of $stack trains another model than one of 1"
done
near <(numbers lenet-cpu.csv) <(numbers tuned-3.csv) 1e-3 || differs "with libraries"
same tuned-1.h5 lenet-cuda.h5 && differs "a tuning changes nothing"
sed 's/"device": ".*"/"device": "another"/' tuning.json >elsewhere.json
refused "elsewhere.json: made on 'another'" "$fedscape" evaluate lenet-cpu.h5 --device cuda --tuning elsewhere.json
sed 's/"libraries": ".*"/"libraries": "others"/' tuning.json >elsewhere.json
refused "with others, this is" "$fedscape" evaluate lenet-cpu.h5 --device cuda --tuning elsewhere.json

loss() { awk '$1 == "loss" { print "loss\n" $2 }'; }
near <("$fedscape" evaluate resnet8-cpu.h5 --device cpu | loss) <("$fedscape" evaluate resnet8-cpu.h5 --device cuda | loss) 1e-5 ||
  differs "evaluation"

# Surfaces, be the statistics those of the model or each point's own.
surface_of() { # FILE
  echo loss
  if command -v h5dump >/dev/null; then
    h5dump -y -w 1 -d test_loss "$1" | sed -n 's/^ *\(-\{0,1\}[0-9][^,]*\),\{0,1\}$/\1/p'
  else
    "${FEDSCAPE_PYTHON:-python3}" -c 'import h5py, sys; print(*h5py.File(sys.argv[1])["test_loss"][()].ravel(), sep="\n")' "$1"
  fi
}
surface() { # NAME MODEL options...
  "$fedscape" landscape sweep "$2" --x -0.2:0.2:3 --y -0.2:0.2:2 --output "$1.h5" "${@:3}" 2>log.txt || fail "$1: $(cat log.txt)"
  surface_of "$1.h5" >"$1.txt" || fail "$1: no values"
}
for policy in frozen recalibrated; do
  for device in cpu cuda; do surface $policy-$device resnet8-cpu.h5 --batch-norm $policy --device $device; done
  near $policy-cpu.txt $policy-cuda.txt 1e-4 || differs "sweep, $policy"
done
if [ "${FEDSCAPE_EMULATED:-0}" = 1 ]; then
  surface whole wide.h5 --models-per-stack 6 --device cuda
  FEDSCAPE_EMULATED_MEMORY=12000000 surface halves wide.h5 --models-per-stack 6 --device cuda
  grep -q "going on with 3 points side by side" log.txt || fail "not halved: $(cat log.txt)"
  cmp whole.txt halves.txt || fail "smaller stacks of points give another surface"
fi
exit $different
