# A Slurm cluster of two nodes on this machine for as long as the script that sources this runs. Needs $work, an empty
# folder that holds all of it; nothing outside is touched, and only 127.0.0.1 listens.
PATH=$PATH:/usr/sbin
daemons=()

# write_slurm_conf PORT: ports from this one on. Credentials live 5 s, which is how long a requeued job waits.
write_slurm_conf() {
  local port=$1 user host
  user=$(id -un)
  host=$(hostname -s)
  cat >"$work/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=$port
SrunPortRange=$((port + 10))-$((port + 200))
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.%n.pid
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog=$work/prolog.sh
TmpFS=$work/%n
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,bf_interval=2
NodeName=a NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=4
NodeName=b NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=4
PartitionName=all Nodes=a,b Default=YES
END
}

# Both nodes are one machine: without folders of their own they would write into each other's shared memory.
write_prolog() {
  cat >"$work/prolog.sh" <<END
#!/bin/sh
echo "export OMPI_MCA_orte_tmpdir_base=$work/\$SLURMD_NODENAME"
echo "export OMPI_MCA_btl_vader_backing_directory=$work/\$SLURMD_NODENAME"
echo "export OMPI_MCA_osc_sm_backing_directory=$work/\$SLURMD_NODENAME"
echo "export OMPI_MCA_btl_tcp_if_include=lo"
echo "export OMPI_MCA_mpi_yield_when_idle=1"
END
  chmod +x "$work/prolog.sh"
}

# daemon NAME command...: in the background until stop_slurm.
daemon() {
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 &
  daemons+=($!)
}

start_slurm() {
  export SLURM_CONF=$work/slurm.conf
  mkdir -p "$work"/{state,a,b,spool.a,spool.b}
  chmod 755 "$work"
  write_slurm_conf $((10000 + $$ % 100 * 200)) # below the ports that the system hands out
  write_prolog
  (umask 077 && head -c 1024 /dev/urandom >"$work/munge.key")
  ulimit -n 4096 # slurmd closes every descriptor up to the limit whenever it forks
  daemon munged munged -F --force --key-file="$work/munge.key" --socket="$work/munge.socket" \
    --pid-file="$work/munged.pid" --log-file="$work/munged.txt" --seed-file="$work/munge.seed"
  while [ ! -S "$work/munge.socket" ]; do sleep 0.1; done
  daemon slurmctld slurmctld -D
  for node in a b; do daemon "slurmd.$node" slurmd -D -N $node; done
  for _ in $(seq 200); do
    if [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ]; then return; fi
    sleep 0.1
  done
  tail -n 3 "$work"/*.log >&2
  return 1
}

stop_slurm() {
  scancel --user="$(id -un)" 2>/dev/null || true
  for _ in $(seq 100); do if [ -z "$(squeue -h 2>/dev/null)" ]; then break; fi; sleep 0.1; done
  kill "${daemons[@]}" 2>/dev/null || true
  wait "${daemons[@]}" 2>/dev/null || true
}
