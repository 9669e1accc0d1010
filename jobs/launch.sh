#!/bin/bash
# Runs a command on N ranks: bash jobs/launch.sh N command...
# Inside a Slurm allocation the ranks are srun's; elsewhere they are mpirun's, on this machine. The exit code is the
# command's: 2 where it refused its input, 85 where it stopped on request (SIGUSR1) and wants to be run again.
set -euo pipefail
if [[ $# -lt 2 || ! $1 =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: launch.sh N command...   (N: ranks)" >&2
  exit 2
fi
ranks=$1
shift
if [ -n "${SLURM_JOB_ID:-}" ] && command -v srun >/dev/null; then exec srun --mpi=pmix -n "$ranks" "$@"; fi

# More ranks than cores, unbound and polite about it; root; only shared memory between the ranks, so no port is opened.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_pml=ob1 OMPI_MCA_btl="${OMPI_MCA_btl:-self,vader}"
export OMPI_MCA_btl_vader_single_copy_mechanism=none # containers often forbid the other ones
if ! command -v ssh >/dev/null; then export OMPI_MCA_plm_rsh_agent=false; fi
if [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1 || echo 0)" -lt 1000000 ]; then # containers: 64 MB
  export OMPI_MCA_btl_vader_backing_directory="${TMPDIR:-/tmp}" OMPI_MCA_osc_sm_backing_directory="${TMPDIR:-/tmp}"
fi

# -q: mpirun keeps its banners to itself; what ended the ranks is said below. Signals to this script reach the ranks.
mpirun -q -n "$ranks" "$@" <&0 &
child=$!
for signal in USR1 TERM INT; do trap "kill -$signal $child 2>/dev/null" "$signal"; done
while :; do
  code=0
  wait "$child" || code=$?
  if ! kill -0 "$child" 2>/dev/null; then break; fi # a signal ends wait, not the ranks
done
if [ "$code" -gt 128 ]; then
  echo "launch: a rank was ended by signal $((code - 128)) ($(kill -l $((code - 128)))) and all others with it" >&2
fi
exit "$code"
