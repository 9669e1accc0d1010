# A bundle runs from wherever it is moved, with no library but its own, to the same bits.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh" "$1"
build=$(dirname "$fedscape")
if ldd "$fedscape" | grep -q libasan; then echo "skipped: the sanitizers' libraries are not bundled" && exit; fi
bundle() { bash "$root/jobs/bundle.sh" "$@"; }
not_bundled() { # TEXT arguments: what the script says, and that nothing is left of it
  local text=$1
  shift
  bundle "$@" 2>stderr.txt && fail "bundled: $*"
  grep -qF -- "$text" stderr.txt || fail "no '$text' in: $(cat stderr.txt)"
  ls | grep '[.]tmp[.]' && fail "something is left of: $*"
  return 0
}

mkdir -p images/inside there
echo pixels >images/inside/image
not_bundled "images is there already" images --build "$build"
not_bundled "missing.idx: no such file" made --build "$build" missing.idx
not_bundled "build it first" made --build there
not_bundled "unknown option --fast" made --fast
not_bundled "usage: " --build "$build"

bundle made --build "$build" --without-cuda images
mv made there/moved
[ "$(cat there/moved/data/images/inside/image)" = pixels ] || fail "the data are not there"

run=(fl run --data images --train-samples 200 --test-samples 50 --clients 4 --cohort 3 --rounds 2 --network lenet)
on 2 "$fedscape" "${run[@]}" --output own.h5 2>/dev/null
there/moved/run.sh -n 2 "${run[@]}" --output bundled.h5 2>bundled.txt || fail "$(cat bundled.txt)"
[ "$(model_of own.h5)" = "$(model_of bundled.h5)" ] || fail "the bundled program computes something else"
code=0
there/moved/run.sh -n 2 evaluate missing.h5 2>stderr.txt || code=$?
[ "$code" = 2 ] || fail "exit code $code of a bundled program that refuses its input: $(cat stderr.txt)"

env LD_DEBUG=files LD_DEBUG_OUTPUT="$work/libraries" there/moved/run.sh "${run[@]}" --output alone.h5 2>/dev/null
grep -h "calling init: .*/fedscape\|calling init: .*lib\(mpi\|dnnl\|boost\|spdlog\|stdc\)\|calling init: .*mca_" libraries.* |
  sed 's/.*calling init: //' | sort -u >used.txt
grep -q "/there/moved/lib/libmpi" used.txt && grep -q "/there/moved/plugins/mca_" used.txt || fail "loaded: $(cat used.txt)"
grep -v "/there/moved/\|/pmix_mca_" used.txt && fail "libraries of this machine were loaded"
exit 0
