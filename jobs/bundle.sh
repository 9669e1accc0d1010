#!/bin/bash
# Packs a build into a folder for nodes without MPI, HDF5 or Boost: the program, its libraries down to the C library
# (never the CUDA driver), Open MPI with its plugins, and data.
#   bash jobs/bundle.sh FOLDER [--build build-cuda] [--without-cuda] [--tests] [--benchmarks] [DATA...]
# There, wherever it has been moved:
#   FOLDER/run.sh [-n RANKS] fl run --data-path FOLDER/data/...     # fedscape's arguments; -n: on this node
#   srun --mpi=pmix -n RANKS FOLDER/run.sh fl run ...               # under Slurm, over TCP between nodes
# --without-cuda: without cuBLAS, cuDNN and NCCL, which the node then has in CUDA_HOME, LD_LIBRARY_PATH or where its
# loader looks;
# --tests: the unit tests as well (FOLDER/run.sh --program fedscape_tests); --benchmarks: bench_ops and bench_aggregate,
# where they are built. DATA: files and folders, copied to data/.
# The processor must have what the one that built had (-march=native): for others configure the build with
# -DCMAKE_CXX_FLAGS=-march=x86-64-v3.
set -euo pipefail
fail() { echo "bundle: $*" >&2; exit 1; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder='' build=$root/build cuda=1 programs=(fedscape) data=()
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:?--build wants a folder} && shift ;;
    --without-cuda) cuda=0 ;;
    --tests) programs+=(fedscape_tests) ;;
    --benchmarks) programs+=(bench_ops bench_aggregate) ;;
    -*) fail "unknown option $1" ;;
    *) if [ -z "$folder" ]; then folder=$1; else data+=("$1"); fi ;;
  esac
  shift
done
[ -n "$folder" ] || fail "usage: bundle.sh FOLDER [--build FOLDER] [--without-cuda] [--tests] [--benchmarks] [DATA...]"
[ ! -e "$folder" ] || fail "$folder is there already"
for path in "${data[@]}"; do [ -e "$path" ] || fail "$path: no such file or folder"; done

# Whole or not at all: made beside, moved at the end.
made=$folder.tmp.$$
trap 'rm -rf "$made"' EXIT
mkdir -p "$made"/{bin,lib,plugins,share,data}

# 1. Programs.
for program in "${programs[@]}"; do
  file=$build/$program
  for place in tests benchmarks; do [ -e "$file" ] || file=$build/$place/$program; done
  [ -x "$file" ] || fail "$build has no $program: build it first"
  strip -o "$made/bin/$program" "$file"
done
strip -o "$made/bin/mpirun" "$(readlink -f "$(command -v mpirun)")"

# 2. Open MPI's plugins, except those of OpenSHMEM, monitoring, other launchers than mpirun and Slurm, and networks that
# want drivers of their own, and of two that do the same one.
plugins=$(ompi_info --path pkglibdir --parsable | sed -n 's/^path:pkglibdir://p')
share=$(ompi_info --path pkgdatadir --parsable | sed -n 's/^path:pkgdatadir://p')
[ -d "$plugins" ] || fail "ompi_info names no folder of plugins"
for plugin in "$plugins"/mca_*.so; do
  case ${plugin##*/mca_} in
    *_ucx.so | *_ofi.so | *_psm.so | *_psm2.so | *_openib.so | *_monitoring.so) ;;
    spml_* | scoll_* | sshmem_* | memheap_* | atomic_* | crs_* | compress_* | vprotocol_*) ;;
    *_flux.so | *_jsm.so | *_gridengine.so | *_simulator.so | io_romio* | osc_pt2pt.so | coll_han.so | coll_adapt.so) ;;
    topo_treematch.so | rmaps_mindist.so | rmaps_ppr.so | rmaps_rank_file.so | rmaps_resilient.so | rmaps_seq.so) ;;
    *) cp "$plugin" "$made/plugins" ;;
  esac
done
cp "$share"/help-*.txt "$made/share"

# 3. Libraries of all of them, and those that cuDNN opens by itself.
is_cuda() { [[ ${1##*/} =~ ^lib(cudart|cublas|cublasLt|cudnn[a-z_]*|nccl)\.so ]]; }
libraries=$(find "$made/bin" "$made/plugins" -type f -exec env LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}" ldd {} + |
  sed -n -e 's/.* => \(\/[^ ]*\) .*/\1/p' -e 's/^\t\(\/[^ ]*\) (.*/\1/p' | sort -u)
for library in $libraries; do
  name=${library##*/}
  case $name in libcuda.so* | libnvidia*) continue ;; esac
  if is_cuda "$library"; then
    [ "$cuda" = 1 ] || continue
    case $name in libcudnn.so*) cp -L "${library%/*}"/libcudnn_*.so.[0-9]* "$made/lib" 2>/dev/null || true ;; esac
  fi
  cp -L "$library" "$made/lib/$name"
done
loader=$(basename "$(ls "$made"/lib/ld-linux*.so.* "$made"/lib/ld64.so.* 2>/dev/null | head -n 1)")
[ -n "$loader" ] || fail "ldd names no loader"

# 4. Data and the scripts inside.
for path in "${data[@]}"; do cp -rL "$path" "$made/data"; done
cp "$root/jobs/launch.sh" "$made/launch.sh"
cat >"$made/bundled.sh" <<BUNDLED
#!/bin/bash
# bundled.sh PROGRAM arguments...: a program of bin/ with the loader, libraries and Open MPI of this folder.
here=\$(cd "\$(dirname "\${BASH_SOURCE[0]}")" && pwd)
export OPAL_PREFIX=\$here OPAL_PKGLIBDIR=\$here/plugins OPAL_PKGDATADIR=\$here/share OMPI_MCA_mtl=^ofi
export HWLOC_PLUGINS_PATH=\$here/plugins OMPI_MCA_ess_singleton_isolated=1 # one rank needs no daemon
program=\$1
shift
libraries=\$here/lib:\${CUDA_HOME:-/usr/local/cuda}/lib64\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}:/usr/local/nvidia/lib64
exec "\$here/lib/$loader" --library-path "\$libraries" "\$here/bin/\$program" "\$@"
BUNDLED
cat >"$made/run.sh" <<'RUN'
#!/bin/bash
# run.sh [-n RANKS] [--program fedscape] arguments...: runs on this node; README.md of fedscape says what.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ranks=1 program=fedscape
while :; do
  case ${1:-} in
    -n) ranks=${2:?-n wants a number of ranks} && shift 2 ;;
    --program) program=${2:?--program wants a name of bin/} && shift 2 ;;
    *) break ;;
  esac
done
if [ "$ranks" = 1 ]; then exec "$here/bundled.sh" "$program" "$@"; fi
PATH=$here/path:$PATH exec bash "$here/launch.sh" "$ranks" "$here/bundled.sh" "$program" "$@"
RUN
mkdir "$made/path"
cat >"$made/path/mpirun" <<'MPIRUN'
#!/bin/bash
exec "$(dirname "$(dirname "${BASH_SOURCE[0]}")")/bundled.sh" mpirun "$@"
MPIRUN
chmod +x "$made/bundled.sh" "$made/run.sh" "$made/path/mpirun"

# 5. It starts from where it lies.
"$made/run.sh" list >/dev/null || fail "the bundled program does not start"
mv "$made" "$folder"
size() { find "$folder" "$@" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%.1f MB", sum / 1e6 }'; }
echo "bundle: $folder: $(size), without data and the tests $(size ! -path "$folder/data/*" ! -name fedscape_tests)"
