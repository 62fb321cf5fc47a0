# shellcheck shell=bash
# The cluster of cluster_test.sh: network namespaces as nodes, each with sshd, and Slurm over them.
# To be sourced, with $bed (a directory to be made) and $nodes set.
# shellcheck disable=SC2154  # They are.

# on NODE COMMAND...: runs it on the node. Sites have a proxy for the web, which nothing of ours may
# ask; this one does not answer.
on() {
  local pid
  pid=$(<"$bed/pids/$1") && shift
  nsenter -t "$pid" -m -u -n -i -p --wd=/ -- env -i HOME="$bed/home" USER=root \
    http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
    PATH="${tool_path:-/usr/bin:/bin:/usr/sbin:/sbin}" SLURM_CONF="$bed/slurm.conf" "$@"
}

name() { if [ "$1" = 0 ]; then printf login; else printf 'node%03d' "$1"; fi; }

# PID 1 of a node. Its arguments: name, address.
cat_init() {
  cat <<'INIT'
#!/bin/bash
bed=$1; name=$2; address=$3
hostname "$name"
# Those of the machine that the nodes are on are none of theirs. The list is read first: it moves
# under who unmounts as he reads.
mapfile -t mounts </proc/mounts
for line in "${mounts[@]}"; do
  read -r _ point type _ <<<"$line"
  if [ "$type" = fuse.coppice ]; then umount --lazy "$point"; fi
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd /run/munge /run/keep
case $bed in /tmp/*)
  top=/tmp/$(cut -d/ -f3 <<<"$bed"); mount --rbind "$top" /run/keep ;;
esac
mount -t tmpfs -o mode=1777 tmpfs /tmp
if [ -n "${top:-}" ]; then mkdir -p "$top"; mount --move /run/keep "$top"; fi
mount -t tmpfs -o mode=755 tmpfs /dev/shm
mount --bind "$bed/hosts" /etc/hosts
mount --bind "$bed/ssh_config" /etc/ssh/ssh_config
# A device of its own, to be taken away from it.
mount -t tmpfs -o mode=755 tmpfs /run/keep
mknod -m 666 /run/keep/fuse c 10 229
touch /dev/fuse && mount --bind /run/keep/fuse /dev/fuse
echo ready >"$bed/pids/$name.ready"
read -r _ <"$bed/pids/$name.go"
ip link set lo up
ip addr add "$address/16" dev eth0
ip link set eth0 up
/usr/sbin/sshd -f "$bed/sshd_config" -E "$bed/log/$name.sshd"
echo ready >"$bed/pids/$name.ready"
exec tail -f /dev/null
INIT
}

take_down() {
  local file
  for file in "$bed"/pids/*.unshare; do
    [ -f "$file" ] && kill -9 "$(<"$file")" 2>/dev/null
  done
  { wait; } 2>/dev/null
}
bring_up() {
  local i host pid
  mkdir -p "$bed"/{pids,log,home} || return 1
  ssh-keygen -q -t ed25519 -N '' -f "$bed/id" && ssh-keygen -q -t ed25519 -N '' -f "$bed/host_key"
  printf '%s\n' 'Host *' "  IdentityFile $bed/id" '  StrictHostKeyChecking no' \
    '  UserKnownHostsFile /dev/null' '  LogLevel ERROR' >"$bed/ssh_config"
  printf '%s\n' 'Port 22' "HostKey $bed/host_key" "AuthorizedKeysFile $bed/id.pub" \
    'StrictModes no' 'PermitRootLogin yes' 'PasswordAuthentication no' 'UsePAM no' 'UseDNS no' \
    'MaxStartups 1000' 'PidFile /run/sshd.pid' >"$bed/sshd_config"
  echo '127.0.0.1 localhost' >"$bed/hosts"
  for ((i = 0; i <= nodes; i++)); do
    host=$(name "$i")
    echo "10.78.0.$((i + 1)) $host $host.cluster" >>"$bed/hosts"
  done
  cat_init >"$bed/init.sh"
  for ((i = 0; i <= nodes; i++)); do
    host=$(name "$i")
    mkfifo "$bed/pids/$host.ready" "$bed/pids/$host.go"
    unshare -n -u -i -m -p --fork --kill-child --mount-proc --propagation private -- \
      bash "$bed/init.sh" "$bed" "$host" "10.78.0.$((i + 1))" </dev/null \
      >"$bed/log/$host.init" 2>&1 &
    echo $! >"$bed/pids/$host.unshare"
  done
  for ((i = 0; i <= nodes; i++)); do
    host=$(name "$i")
    read -r -t 30 _ <>"$bed/pids/$host.ready" || return 1
    pid=$(<"$bed/pids/$host.unshare")
    pgrep -P "$pid" >"$bed/pids/$host" || return 1
  done
  on login ip link add eth0 type bridge
  for ((i = 1; i <= nodes; i++)); do
    host=$(name "$i")
    on login ip link add "port$i" type veth peer name uplink || return 1
    nsenter -t "$(<"$bed/pids/login")" -n ip link set uplink netns "$(<"$bed/pids/$host")" name eth0
    on login ip link set "port$i" master eth0 up
  done
  for ((i = 0; i <= nodes; i++)); do
    host=$(name "$i")
    echo go >"$bed/pids/$host.go"
    read -r -t 30 _ <>"$bed/pids/$host.ready" || return 1
  done
}

bring_up_slurm() {
  local i host
  mkdir -p "$bed/slurm"
  head -c 128 /dev/urandom >"$bed/munge.key" && chmod 600 "$bed/munge.key"
  printf '%s\n' ClusterName=bed SlurmctldHost=login SlurmUser=root SlurmdUser=root \
    AuthType=auth/munge AuthInfo=socket=/run/munge/sock CredType=cred/munge \
    "StateSaveLocation=$bed/slurm" SlurmdSpoolDir=/run/slurmd \
    SlurmctldPidFile=/run/slurmctld.pid SlurmdPidFile=/run/slurmd.pid \
    "SlurmctldLogFile=$bed/log/slurmctld" "SlurmdLogFile=$bed/log/slurmd.%n" \
    ProctrackType=proctrack/linuxproc TaskPlugin=task/none \
    JobAcctGatherType=jobacct_gather/none AccountingStorageType=accounting_storage/none \
    SelectType=select/cons_tres SelectTypeParameters=CR_Core MpiDefault=none ReturnToService=2 \
    SchedulerParameters=sched_interval=1,bf_interval=1 \
    "NodeName=node[001-008] CPUs=$(nproc) RealMemory=1000 State=UNKNOWN" \
    'PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP' >"$bed/slurm.conf"
  for ((i = 0; i <= nodes; i++)); do
    host=$(name "$i")
    on "$host" munged --force --key-file="$bed/munge.key" --socket=/run/munge/sock \
      --pid-file=/run/munged.pid --seed-file=/run/munge/seed --log-file="$bed/log/$host.munged" ||
      return 1
  done
  on login slurmctld -c || return 1
  for ((i = 1; i <= nodes; i++)); do on "$(name "$i")" slurmd || return 1; done
  for ((i = 0; i < 300; i++)); do
    [ "$(on login sinfo -h -t idle -o %D 2>/dev/null)" = 8 ] && return 0
    read -r -t 0.1 _ <>"$bed/pids/login.go"
  done
  return 1
}
