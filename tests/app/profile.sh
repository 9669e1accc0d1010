# --profile says where time goes and changes no bit of a result.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
data=(--data images --train-samples 400 --test-samples 100)
run=("${data[@]}" --clients 5 --cohort 3 --rounds 3 --network lenet --batch 10)

# tensors_of RUN: the hash of its model without the options that an export carries along.
tensors_of() {
  "$fedscape" export "$1" tensors.safetensors >/dev/null 2>&1 || fail "cannot export $1"
  local header
  header=$(od -An -tu8 -N8 tensors.safetensors | tr -d ' ')
  tail -c +$((9 + header)) tensors.safetensors | sha256sum
}

# adds_up FILE: a table whose rows add up to the time of all threads.
adds_up() {
  awk '/^where the time went/ { all = $5 * $11 } /^(io|gather|load|forward|loss|backward|update|aggregation|communication|waiting|other) / {
      for (i = 2; i <= NF; ++i) if ($i == "%") { sum += $(i - 2); break } }
    END { if (!(all > 0 && sum > 0.98 * all - 0.02 && sum < 1.02 * all + 0.02)) { print sum, "of", all; exit 1 } }' "$1" ||
    fail "the rows do not add up: $(cat "$1")"
}

on 2 "$fedscape" fl run "${run[@]}" --output plain.h5 2>plain.txt
on 2 "$fedscape" fl run "${run[@]}" --threads 2 --profile --output profiled.h5 2>run.txt
grep -q "where the time went" plain.txt && fail "a profile nobody asked for"
h5dump -n plain.h5 | grep -q profile && fail "a stored profile nobody asked for"
[ "$(tensors_of plain.h5)" = "$(tensors_of profiled.h5)" ] || fail "the model differs with --profile"
grep -q "4 thread(s) on 2 rank(s)" run.txt || fail "ranks and threads: $(cat run.txt)"
for row in "forward  *conv" "backward  *linear" "gather" "loss" "update" "aggregation  *sum" "communication  *sum" \
  "waiting  *ranks" "waiting  *threads" "io  *output" "io  *save" "other  *planning"; do
  grep -q "^$row  " run.txt || fail "no row '$row': $(cat run.txt)"
done
adds_up run.txt
h5dump -d /profile/seconds profiled.h5 >/dev/null || fail "the profile is not stored"

# A run may go on with or without a profile.
on 2 "$fedscape" fl run "${run[@]}" --rounds 4 --output profiled.h5 2>/dev/null
"$fedscape" fl run "${run[@]}" --rounds 4 --output plain.h5 --profile 2>/dev/null
[ "$(tensors_of plain.h5)" = "$(tensors_of profiled.h5)" ] || fail "resumed models differ with --profile"

"$fedscape" evaluate plain.h5 >a.txt 2>/dev/null
on 2 "$fedscape" evaluate plain.h5 --profile --output evaluate.json >b.txt 2>evaluate.txt
cmp a.txt b.txt || fail "metrics differ with --profile"
adds_up evaluate.txt
grep -q '"wall_seconds"' evaluate.json || fail "no profile in evaluate.json: $(cat evaluate.json)"

on 2 "$fedscape" landscape sweep plain.h5 --x -1:1:5 --y "" --output a.h5 2>/dev/null
on 2 "$fedscape" landscape sweep plain.h5 --x -1:1:5 --y "" --output b.h5 --threads 2 --profile 2>sweep.txt
cmp <(h5dump -d test_loss a.h5 | tail -n +2) <(h5dump -d test_loss b.h5 | tail -n +2) || fail "surfaces differ"
adds_up sweep.txt
for row in "load  *perturb" "load  *pack" "forward  *conv" "communication  *counter"; do
  grep -q "^$row  " sweep.txt || fail "no row '$row': $(cat sweep.txt)"
done
h5dump -d /profile/seconds b.h5 >/dev/null || fail "the profile of the sweep is not stored"

"$fedscape" train "${data[@]}" --network mlp --epochs 2 --output a_train.h5 2>/dev/null
on 2 "$fedscape" train "${data[@]}" --network mlp --epochs 2 --output b_train.h5 --profile 2>train.txt
[ "$(tensors_of a_train.h5)" = "$(tensors_of b_train.h5)" ] || fail "training differs with --profile"
adds_up train.txt
