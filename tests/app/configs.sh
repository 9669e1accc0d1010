# Every scenario of jobs/configs that trains a federation takes its options and trains, here a round of generated images
# of its data's shape. With FEDSCAPE_TIMING=1 the short forms that they name run on their own data, in less than a minute.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"

# field FILE NAME: the value of a top-level option.
field() { sed -n "s/^$2 = //p" "$1"; }

trained=0
for config in "$root"/jobs/configs/*.ini; do
  name=$(basename "$config" .ini)
  case $name in landscape_* | compare_*) continue ;; esac
  case $(field "$config" data) in
    fashion-mnist) shape=(--side 28 --channels 1) ;;
    cifar10) shape=(--side 32 --channels 3) ;;
    *) fail "$name: no generated data stands for $(field "$config" data)" ;;
  esac
  "$fedscape" fl run --config "$config" --data images "${shape[@]}" --train-samples 4000 --test-samples 100 --rounds 1 \
    --cohort 2 --local-steps 2 --output "$name.h5" 2>log.txt || fail "$name: $(tail -n 1 log.txt)"
  trained=$((trained + 1))

  short=$(sed -n 's/^# Under a minute on 2 cores: //p' "$config")
  if [ -z "$short" ] || [ "${FEDSCAPE_TIMING:-0}" = 0 ]; then continue; fi
  read -ra options <<<"$short"
  timeout 60 "$fedscape" fl run --config "$config" --output "$name-short.h5" "${options[@]}" 2>log.txt ||
    fail "$name: '$short' fails, or takes more than a minute: $(tail -n 1 log.txt)"
done
[ "$trained" -ge 7 ] || fail "only $trained scenarios were found"
