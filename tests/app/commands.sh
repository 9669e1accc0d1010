# Every command once, each on what the one before left.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
data=(--data images --train-samples 400 --test-samples 100)
"$fedscape" list >list.txt
for word in lenet fedavg scaffold fedprox wsa FedSign dirichlet fashion-mnist accuracy map.personal-steps; do grep -q "$word" list.txt || fail "list lacks $word"; done
"$fedscape" data summary "${data[@]}" --clients 5 --output clients.csv >summary.txt
[ "$(grep -vc '^#' clients.csv)" = 6 ] || fail "clients.csv: $(cat clients.csv)"
on 2 "$fedscape" fl run "${data[@]}" --clients 5 --cohort 3 --rounds 4 --network lenet --batch 10 --dry-run --output dry.h5 >dry.txt 2>&1
grep -q "bytes of a round" dry.txt && [ ! -e dry.h5 ] || fail "dry run: $(cat dry.txt)"
private=("${data[@]}" --clients 5 --cohort 3 --rounds 2 --network lenet --batch 10 --privacy.clip 0.01 --privacy.noise 4)
"$fedscape" fl run "${private[@]}" --dry-run >dry.txt 2>&1
on 2 "$fedscape" fl run "${private[@]}" --output private.h5 2>private.txt
planned=$(sed -n 's/^privacy .*epsilon \([0-9.]*\) at delta 1e-05 after 2 rounds$/\1/p' dry.txt)
[ -n "$planned" ] && grep -q "^round 2/2: .*epsilon $planned$" private.txt || fail "epsilon: $(cat dry.txt private.txt)"
[ "$(tail -n 1 private.jsonl | grep -c '"clipped":.*"client_norm":.*"epsilon":')" = 1 ] || fail "$(cat private.jsonl)"
h5dump -H -d metrics/epsilon private.h5 | grep -q "( 2 )" || fail "no epsilons of 2 rounds"
on 2 "$fedscape" fl run "${data[@]}" --clients 5 --cohort 3 --rounds 4 --network lenet --batch 10 --output run.h5 2>run.txt
[ "$(wc -l <run.csv)" = 5 ] && [ "$(wc -l <run.jsonl)" = 4 ] || fail "run.csv, run.jsonl: $(cat run.csv run.jsonl)"
on 2 "$fedscape" fl run "${data[@]}" --clients 5 --cohort 3 --rounds 2 --network lenet --batch 10 --output penalties.h5 \
  --algorithm scaffold --fedprox.prox-mu 0.01 --wsa.lambda 0.0001 --sign.gamma 0.01 --client-statistics true 2>plain.txt
"$fedscape" fl run "${data[@]}" --clients 5 --cohort 3 --rounds 1 --network lenet --algorithm scaffold --momentum 0.9 \
  --output momentum.h5 2>momentum.txt
grep -q "^warning: scaffold: .*momentum" momentum.txt && ! grep -q warning plain.txt || fail "$(cat plain.txt momentum.txt)"
h5dump -H -d client_weights/sign_consistency penalties.h5 | grep -q "( 6, 4 )" || fail "no signs of 2 rounds of 3 clients"
"$fedscape" export run.h5 model.safetensors
on 3 "$fedscape" evaluate run.h5 --output a.json >a.txt 2>/dev/null
"$fedscape" evaluate model.safetensors >b.txt 2>/dev/null
cmp a.txt b.txt || fail "the exported model evaluates differently"
"$fedscape" import model.safetensors model.h5 >/dev/null
"$fedscape" export model.h5 again.safetensors >/dev/null
cmp model.safetensors again.safetensors || fail "import and export change the model"
"$fedscape" fl run "${data[@]}" --clients 5 --cohort 3 --rounds 1 --network lenet --init model.safetensors --output next.h5 2>/dev/null
on 2 "$fedscape" landscape sweep run.h5 --x -1:1:5 --y -0.5:0.5:3 --output surface.h5 2>/dev/null
"$fedscape" landscape sweep run.h5 --x 0:1:5 --y "" --x-model next.h5 --output line.h5 2>/dev/null
on 2 "$fedscape" landscape sweep run.h5 --x -1:1:3 --y "" --splits train,test --output both.h5 2>/dev/null
"$fedscape" evaluate run.h5 --device cpu --precision tf32 2>other.txt && fail "tf32 on the CPU"
grep -q "needs --device cuda" other.txt || fail "$(cat other.txt)"
on 2 "$fedscape" landscape sweep run.h5 --x -1:1:5 --y -0.5:0.5:3 --precision bf16x2 --output bf16.h5 2>/dev/null
"$fedscape" landscape sweep run.h5 --x -1:1:5 --y -0.5:0.5:3 --output bf16.h5 2>other.txt && fail "bf16x2 went on as float32"
grep -q "precision" other.txt || fail "no word about the precision: $(cat other.txt)"
h5dump -d train_loss both.h5 | grep -q "( 3 )" || fail "no training loss in a sweep over both splits"
"$fedscape" landscape sweep run.h5 --x -1:1:3 --y "" --splits test --batch-norm recalibrated --output anew.h5 2>/dev/null
h5dump -d test_loss surface.h5 | grep -q "( 3, 5 )" || fail "the surface is not [ny, nx]"
"$fedscape" train "${data[@]}" --network mlp --epochs 2.5 --batch 20 --snapshot-every 1 --output train.h5 2>train.txt
[ "$(wc -l <train.csv)" = 4 ] && [ "$(ls train_snapshots | wc -l)" = 4 ] || fail "train.csv: $(cat train.csv; ls train_snapshots)"
on 3 "$fedscape" train "${data[@]}" --network mlp --epochs 2.5 --batch 20 --threads 2 --output train3.h5 2>/dev/null
"$fedscape" export train.h5 one.safetensors >/dev/null && "$fedscape" export train3.h5 three.safetensors >/dev/null
cmp <(tail -c 10000 one.safetensors) <(tail -c 10000 three.safetensors) || fail "training depends on ranks"
shuffle=(pan shuffle run.h5 --ratios 0,0.5,1 --probabilities 1 --repeats 2)
on 3 "$fedscape" "${shuffle[@]}" --output shuffle.h5 >shuffle.txt 2>/dev/null
"$fedscape" "${shuffle[@]}" --output shuffle1.h5 >/dev/null 2>&1
[ "$(grep -vc '^#' shuffle.csv)" = 7 ] || fail "shuffle.csv: $(cat shuffle.csv)"
cmp <(grep -v '^#' shuffle.csv) <(grep -v '^#' shuffle1.csv) || fail "a shuffle test depends on ranks"
on 2 "$fedscape" pan align run.h5 --local-models 3 --probe-samples 20 --alignment align.csv >align.txt 2>/dev/null
[ "$(grep -vc '^#' align.csv)" = 13 ] && grep -q '^fc2 ' align.txt || fail "align.csv: $(cat align.csv align.txt)"
"$fedscape" fl calibrate run.h5 calibrated.h5 --virtual-samples 20 >calibrated.txt 2>/dev/null
on 3 "$fedscape" fl calibrate run.h5 calibrated3.h5 --virtual-samples 20 --threads 2 >calibrated3.txt 2>/dev/null
cmp calibrated.txt calibrated3.txt || fail "a calibration depends on ranks: $(cat calibrated.txt calibrated3.txt)"
calibrated=$(sed -n 's/.*accuracy.*calibrated \([0-9.]*\) %/\1/p' calibrated.txt)
"$fedscape" evaluate calibrated.h5 2>/dev/null | grep -qw "^accuracy *${calibrated%.*}" || fail "evaluate is not $calibrated %"
for file in run surface line train shuffle; do "$fedscape" plot $file.h5 >/dev/null; done
for picture in run_curve train_curve surface_contour surface_3d line_line shuffle_shuffle; do
  [ "$(head -c 4 $picture.png | tail -c 3)" = PNG ] || fail "$picture.png is no picture"
done
PATH= "$fedscape" plot run.h5 2>plot.txt && fail "plot without gnuplot succeeded"
grep -q "gnuplot" plot.txt || fail "no word about gnuplot: $(cat plot.txt)"
