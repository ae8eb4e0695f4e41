#!/usr/bin/env bash
# A SLURM cluster of two nodes on one Debian machine, for the test of a node that dies; as root:
#     tests/engines/two_nodes.sh up FOLDER      start it; prints the SLURM_CONF that its users set
#     tests/engines/two_nodes.sh kill FOLDER N  let node N (1 or 2) die with all that runs on it
#     tests/engines/two_nodes.sh back FOLDER N  start it again
#     tests/engines/two_nodes.sh down FOLDER    end the cluster
# It lives beside any other cluster of the machine: ports, state and configuration are its own.
set -euo pipefail
command=$1 folder=$2 number=${3:-}
export SLURM_CONF=$folder/slurm.conf

start_node() { slurmd -N "node$1" -f "$SLURM_CONF" -L "$folder/node$1.log"; }

# a node that dies takes its jobs with it, and tells nobody
kill_node() {
    kill -KILL "$(cat "$folder/node$1.pid")"
    for script in $(pgrep -f "$folder/node$1/job[0-9]+/slurm_script"); do
        kill -KILL "$(ps -o ppid= -p "$script" | tr -d ' ')" # the step's own daemon
    done
    for process in /proc/[0-9]*; do
        # of this cluster: another one of the machine may call a node so, too
        if { tr '\0' '\n' <"$process/environ"; } 2>/dev/null \
            | grep -xcF -e "SLURMD_NODENAME=node$1" -e "SLURM_CONF=$SLURM_CONF" | grep -qx 2; then
            kill -KILL "${process#/proc/}" 2>/dev/null || true
        fi
    done
}

up() {
    export DEBIAN_FRONTEND=noninteractive
    if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
        apt-get -qq -o DPkg::Lock::Timeout=600 update
        apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends \
            slurm-wlm slurmctld slurmd slurm-client munge >/dev/null
    fi
    if ! munge -n >/dev/null 2>&1; then
        mkdir -p /run/munge
        [ -s /etc/munge/munge.key ] || head -c 1024 /dev/urandom >/etc/munge/munge.key
        chown -R munge:munge /etc/munge /run/munge /var/lib/munge /var/log/munge
        chmod 0400 /etc/munge/munge.key
        chmod 0755 /run/munge
        runuser -u munge -- munged
    fi
    mkdir -p "$folder"/{controller,node1,node2}
    local host memory
    host=$(hostname -s)
    memory=$(($(awk '/MemTotal/{print $2}' /proc/meminfo) / 2048 - 512))
    # a node that says nothing for 15 seconds is down, and its jobs wait for another
    cat >"$SLURM_CONF" <<CONF
ClusterName=twonodes
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
AuthType=auth/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/controller
SlurmdSpoolDir=$folder/%n
SlurmctldPidFile=$folder/controller.pid
SlurmdPidFile=$folder/%n.pid
SlurmctldLogFile=$folder/controller.log
SlurmdTimeout=15
SlurmctldTimeout=15
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MinJobAge=300
# a job of a dead node starts again after this, not after two minutes
AuthInfo=cred_expire=10
NodeName=node1 NodeHostname=$host NodeAddr=127.0.0.1 Port=16818 CPUs=1 RealMemory=$memory State=UNKNOWN
NodeName=node2 NodeHostname=$host NodeAddr=127.0.0.1 Port=16819 CPUs=1 RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=node1,node2 Default=YES MaxTime=INFINITE State=UP
CONF
    slurmctld -f "$SLURM_CONF"
    start_node 1
    start_node 2
    for _ in $(seq 60); do
        [ "$(sinfo -h -N -o %t | grep -c idle)" = 2 ] && break
        sleep 0.5
    done
    [ "$(sinfo -h -N -o %t | grep -c idle)" = 2 ] || { sinfo -N >&2; exit 1; }
    echo "$SLURM_CONF"
}

down() {
    for name in node1 node2 controller; do
        [ ! -s "$folder/$name.pid" ] || kill "$(cat "$folder/$name.pid")" 2>/dev/null || true
    done
}

case $command in
up) up ;;
kill) kill_node "$number" ;;
back) start_node "$number" ;;
down) down ;;
*) sed -n 2,6p "$0" >&2; exit 2 ;;
esac
