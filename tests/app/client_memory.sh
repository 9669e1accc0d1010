# The memories of clients have the same bits in RAM, read from a file and written to it, on 1 to 4 ranks; and take no more
# RAM than their budget. Without memories nothing grows: many_clients.sh.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
run=("$fedscape" fl run --data images --train-samples 2400 --test-samples 50 --clients 400 --cohort 40 --rounds 12
  --partition iid --min-samples 1 --network lenet --batch 3 --local-steps 1 --algorithm scaffold --threads 1 --fresh
  --evaluate-every 0 --weight-statistics false)

# A memory is of 62.5 kB; a budget of 1 GB holds all, one of 130 kB two of them.
for ranks in 1 2 3 4; do
  for budget in 1G 1M 130k 0; do
    on $ranks "${run[@]}" --memory-budget $budget --save-seconds $((ranks % 2)) --output $budget.h5 2>log.txt ||
      fail "$ranks ranks, $budget: $(tail -n 3 log.txt)"
    model_of $budget.h5 >>models.txt
  done
done
[ "$(sort -u models.txt | wc -l)" = 1 ] || fail "models differ: $(cat models.txt)"

# peak_of BUDGET: bytes of the only rank.
peak_of() {
  on 1 "${run[@]}" --rounds 40 --memory-budget "$1" --output peak.h5 2>log.txt || fail "$(tail -n 3 log.txt)"
  h5dump -a /peak_memory peak.h5 | sed -n 's/^ *(0): //p'
}
none=$(peak_of 0) some=$(peak_of 4M) all=$(peak_of 1G)
echo "a rank takes $((none / 1000)) kB without a budget, $((some / 1000)) kB with 4 MB, $((all / 1000)) kB with 1 GB"
# AddressSanitizer gives a memory a block of 80 kB, and rounds what it takes from the system: its bytes are not ours.
if ! ldd "$fedscape" | grep -q libasan; then
  [ "$((some - none))" -le 5000000 ] || fail "4 MB of memories take $((some - none)) bytes"
  [ "$((all - none))" -ge 20000000 ] || fail "the memories of 400 clients take $((all - none)) bytes: too few to tell"
fi

# A damaged memory ends the run with its client's name.
on 2 "${run[@]}" --output damaged.h5 2>/dev/null
for ((at = 4096 + 100; at < 4096 + 2 * 400 * 65536; at += 65536)); do
  printf '?' | dd of=damaged.h5.clients bs=1 seek=$at conv=notrunc status=none
done
code=0
on 2 "${run[@]}" --fresh false --rounds 30 --output damaged.h5 2>log.txt || code=$?
[ "$code" = 1 ] || fail "exit code $code of a run on damaged memories"
grep -q "damaged.h5.clients: damaged: the memory of client" log.txt || fail "no word of damage: $(tail -n 3 log.txt)"
