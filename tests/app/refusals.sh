# Bad options and bad input: exit code 2, one message that says what was expected, nothing half-written.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
small=(--data images --train-samples 200 --test-samples 50 --clients 4 --cohort 2 --rounds 1 --network mlp)

refused "did you mean 'rounds'" "$fedscape" fl run --round 3
refused "did you mean 'fl run'" "$fedscape" fl rum
refused "whole number" "$fedscape" fl run --rounds many
refused "rounds: 1 or more" "$fedscape" fl run --rounds 0
refused "did you mean 'fedavg'" "$fedscape" fl run --algorithm fedavgg
refused "the algorithm is fedavg" "$fedscape" fl run --fedopt.server-lr 1
refused "alpha of FedRS is 2; it must be in [0,1]" "$fedscape" fl run --algorithm fedrs --fedrs.alpha 2
refused "did you mean 'soft'" "$fedscape" fl run --algorithm fedrs --fedrs.mask sofd
refused "but the optimizer is adam" "$fedscape" fl run --algorithm fednova --optimizer adam
refused "the algorithm is fedavg" "$fedscape" fl run --balanced-softmax.tau 1
refused "line 2" "$fedscape" fl run --config <(printf 'rounds = 3\nnonsense\n')
refused "did you mean 'lenet'" "$fedscape" fl run "${small[@]}" --network lenett --output a.h5
refused "did you mean 'mixture'" "$fedscape" fl run "${small[@]}" --wsa.lambda 0.1 --wsa.fusion mixtur --output a.h5
refused "sign.gamma: 0 or more" "$fedscape" fl run "${small[@]}" --sign.gamma=-1 --output a.h5
refused "privacy.noise: 1 times privacy.clip" "$fedscape" fl run "${small[@]}" --privacy.noise 1 --output a.h5
refused "weights: uniform was expected" "$fedscape" fl run --privacy.clip 1 --privacy.noise 1 --weights samples
refused "did you mean 'poisson'" "$fedscape" fl run --privacy.clip 1 --cohort-sampling poison
refused "memory-budget: a number of bytes like 0, 500M or 2G" "$fedscape" fl run --memory-budget 2X
refused "2 memories of" "$fedscape" fl run "${small[@]}" --algorithm scaffold --memory-budget 1k --output a.h5
refused "4 clients" "$fedscape" fl run "${small[@]}" --cohort 5 --output a.h5
refused "nowhere" "$fedscape" fl run --data idx --data-path nowhere --output a.h5
refused "--train-samples: data of kind fashion-mnist do not read" "$fedscape" fl run --train-samples 100
refused "--side: data of kind gaussian do not read" "$fedscape" train --data gaussian --side 8
"$fedscape" fl run "${small[@]}" --config <(printf 'data = idx\ndata-path = nowhere\n') --output other.h5 2>/dev/null ||
  fail "a config for other data than those of the flags"
refused "missing.safetensors" "$fedscape" fl run "${small[@]}" --init missing.safetensors --output a.h5
refused "missing.h5" "$fedscape" evaluate missing.h5
refused "it is for CUDA devices and needs --device cuda" "$fedscape" fl run "${small[@]}" --device cpu --tuning none.json
refused "device: cuda was expected, not 'cpu'" "$fedscape" tune none.json --device cpu
refused "missing.h5" "$fedscape" plot missing.h5
refused "missing.h5" "$fedscape" pan align missing.h5
refused "missing.h5" "$fedscape" fl calibrate missing.h5 a.h5
refused "name of the new file" "$fedscape" fl calibrate missing.h5
refused "ratios is '2'" "$fedscape" pan shuffle missing.h5 --ratios 2
refused "expected none, add or mul" "$fedscape" fl run "${small[@]}" --network.pan sum --output a.h5
refused "-1:1" "$fedscape" landscape sweep missing.h5 --x -1:1
refused "precision is 'half'; possible: float32, tf32, bf16" "$fedscape" landscape sweep missing.h5 --precision half
refused "precision is 'half'; possible: float32, tf32, bf16" "$fedscape" evaluate missing.h5 --precision half
echo garbage >garbage.h5
refused "garbage.h5" "$fedscape" fl run "${small[@]}" --output garbage.h5
[ "$(cat garbage.h5)" = garbage ] || fail "a refused file was changed"
refused "garbage.h5" "$fedscape" fl run "${small[@]}" --output garbage.h5/a.h5

# The same with several ranks: still one message, and no banner.
refused "did you mean 'lenet'" on 3 "$fedscape" fl run "${small[@]}" --network lenett --output a.h5
! grep -q -e MPI_ABORT -e "^-----" stderr.txt || fail "a banner: $(cat stderr.txt)"

# A step that diverges names client and round.
refused "round" on 2 "$fedscape" fl run "${small[@]}" --lr 1e30 --epochs 5 --batch 10 --output nan.h5

# Resume with other options.
"$fedscape" fl run "${small[@]}" --output run.h5 2>/dev/null
refused "lr" "$fedscape" fl run "${small[@]}" --lr 0.33 --output run.h5
[ -z "$(find . -name '*.tmp')" ] && [ ! -e a.h5 ] || fail "left behind: $(ls)"
