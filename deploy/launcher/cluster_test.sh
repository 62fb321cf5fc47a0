#!/bin/bash
# Launches on a cluster of network namespaces: eight nodes and a login node, each with its own
# network, hostname, processes, mounts, /tmp and sshd; everything else is the machine's, as on a
# file system that nodes share. Every launcher tool that is installed is used for real, Slurm
# included; and hosts and launchers fail in the ways that they do.
#
# Needs root, ip and sshd; without them it skips, and says so.
set -uo pipefail

nodes=8
bed=$(realpath "$TEST_TMPDIR")/bed
programs=$(dirname "$(realpath "$TEST_SRCDIR/$TEST_WORKSPACE/deploy/launch")")
sshd=/usr/sbin/sshd
failures=0
log=$bed/launch.log

say() { printf '%s\n' "$*"; }
for program in ip nsenter unshare ssh ssh-keygen "$sshd"; do
  if [ "$(id -u)" -ne 0 ] || ! command -v "$program" >/dev/null; then
    say "SKIPPED: a cluster of namespaces needs root and $program (setup.sh installs it)"
    exit 0
  fi
done

# shellcheck source=deploy/launcher/cluster_bed.sh
source "$(dirname "$0")/cluster_bed.sh"
trap take_down EXIT

fail() {
  say "FAILED: $*"
  sed 's/^/    /' "$log" 2>/dev/null
  failures=$((failures + 1))
}

# expect CODE COMMAND...: its exit code, with its output in the log.
expect() {
  local code=$1 got
  shift
  # A shell of its own, since timeout knows no functions.
  timeout 120 bash -c '"$@"' - "$@" >"$log" 2>&1
  got=$?
  [ "$got" = "$code" ] || fail "exit code $got instead of $code: $*"
}
launch() { on "${from:-login}" "$programs/launch" "$@"; }
stop() { on "${from:-login}" "$programs/stop" "$@"; }
export -f on launch stop
export bed programs
expect_launch() { local code=$1; shift; expect "$code" launch "$@"; }
expect_stop() { local code=$1; shift; expect "$code" stop "$@"; }
expect_said() { grep -qE -- "$1" "$log" || fail "it did not say: $1"; }

# What is left of us on a node, in one line; empty for nothing. A process whose last word was the
# answer to the stop may need a moment to be gone.
left_on() {
  local left i
  for ((i = 0; i < 50; i++)); do
    left=$(look_on "$1")
    [ -z "$left" ] && return
    read -r -t 0.1 _ <>"$bed/pids/login.go"
  done
  printf '%s' "$left"
}
look_on() {
  on "$1" sh -c '
    ps -eo args= | grep -E "^[^ ]*/(peer_server|fuse_client|coppice_node) " | cut -c1-80
    grep -E "^coppice /tmp/(root|recording)" /proc/mounts; ls -A /tmp' 2>&1 | tr '\n' ' '
}
expect_nothing_left() {
  local i left
  for ((i = 1; i <= nodes; i++)); do
    left=$(left_on "$(name "$i")")
    [ -z "$left" ] || fail "$1: left on $(name "$i"): $left"
  done
  left=$(find "$bed/home/.coppice" -mindepth 1 ! -name '*.summary.json' 2>/dev/null)
  [ -z "$left" ] || fail "$1: left in the state directory: $left"
}
expect_imports() {
  local i
  for ((i = 1; i <= nodes; i++)); do
    on "$(name "$i")" env PYTHONPATH=/tmp/root/coppice/usr/lib/python3/dist-packages \
      python3 -c 'import numpy; assert numpy.__file__.startswith("/tmp/root/coppice/")' \
      >"$log" 2>&1 || fail "$1: the import on $(name "$i")"
  done
}

round_trip() {
  say "== $1"
  shift
  expect_launch 0 "$@"
  expect_said '8/8 ready in'
  expect_imports "$*"
  # By the tree alone: there is no tool to be found.
  expect 0 on login env PATH=/nowhere "$programs/stop"
  expect_said '8 nodes: .* in [0-9,]+ opens from the backing file system'
  expect_nothing_left "$*"
}

# The programs' first import is a warm one, and the backing file system was asked by one node only.
test_warm() {
  say "== warm"
  expect 0 on login "$programs/launch" --local=1 --mount=/tmp/recording --name=recording \
    --record="$bed/numpy.trace"
  expect 0 on login env PYTHONPATH=/tmp/recording/usr/lib/python3/dist-packages \
    python3 -c 'import numpy'
  expect 0 on login "$programs/stop" --name=recording
  expect_launch 0 --hosts='node[001-008]' --launcher=ssh --fanout=2 --warm="$bed/numpy.trace"
  expect_said '8/8 warm in'
  expect_stop 0
  expect 0 python3 - "$bed/home/.coppice/hosts.summary.json" <<'CHECK'
import json, sys
nodes = json.load(open(sys.argv[1]))["nodes"]
assert [node["node"] for node in nodes] == [f"node{i:03}" for i in range(1, 9)], nodes
for node in nodes:
    assert (node["backing_opens"] > 0) == (node["member"] == 0), node
    assert node["mount_read_bytes"] > 5 << 20, node
CHECK
  expect_launch 1 --hosts='node[001-008]' --launcher=ssh --warm="$bed/nosuch.trace"
  expect_said 'nosuch.trace'
  expect_nothing_left warm
}

# use_tool PROGRAM: sets what --launcher is given for it; false when it is not installed.
use_tool() {
  unset tool_path
  launcher=$1
  if ! command -v "$1" >/dev/null; then
    say "SKIPPED: $1 is not installed (setup.sh does it)"
    return 1
  fi
  case $1 in mpi*)
    launcher=mpiexec
    mkdir -p "$bed/$1"
    printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v "$1")" >"$bed/$1/mpiexec"
    chmod +x "$bed/$1/mpiexec"
    export tool_path=$bed/$1:/usr/bin:/bin ;;
  esac
}

test_tools() {
  local tool launcher
  for tool in ssh clush pdsh mpiexec.hydra mpirun.openmpi; do
    use_tool "$tool" || continue
    round_trip "$tool" --hosts='node[001-008]' --launcher="$launcher" --fanout=2
  done
  unset tool_path
}

# Whatever a tool does when it does not reach a host: MPICH's mpiexec keeps the others and says no
# more, Open MPI's starts nobody at all. (test_failures has ssh.)
test_a_host_that_is_down() {
  local tool launcher
  on node006 ip link set eth0 down
  for tool in clush pdsh mpiexec.hydra mpirun.openmpi; do
    use_tool "$tool" || continue
    say "== $tool, and a host that is down"
    # With what was known of it, the network would look for longer.
    on login ip neigh flush dev eth0
    expect_launch 3 --hosts='node[001-008]' --launcher="$launcher" --fanout=2 --min-nodes=7
    expect_said 'node006: ssh: '
    expect_said '7/8 ready in'
    expect_stop 0
    expect_nothing_left "$tool without a host"
  done
  unset tool_path
  on node006 ip link set eth0 up
}

# What the root says is the same wherever it is asked, and without it there is none to ask.
test_status() {
  say "== status"
  expect_launch 0 --hosts='node[001-008]' --launcher=ssh --fanout=2 --trees=2
  expect 0 on login "$programs/coppice/coppice" status
  expect_said '8 of 8 nodes proven .* says the root, node001 at node001:7117'
  expect 0 on node003 "$programs/coppice/coppice" status
  expect_said '^hosts +node003 '
  expect_said '8 of 8 nodes proven'
  expect 0 on node003 "$programs/coppice/coppice" tree --tree=1
  expect_said '^tree 1:'
  on node001 pkill -9 -x peer_server
  expect 1 on login "$programs/coppice/coppice" status
  expect_said 'its root, node001, cannot be asked: .*node001:7117'
  expect_stop 0
  expect 1 on login "$programs/coppice/coppice" status
  expect_said 'nothing is running'
  expect_nothing_left status
}

# The node file is on the job's first node only, has full names, and one line a rank.
test_pbs() {
  say "== PBS"
  # shellcheck disable=SC2016  # Its own variables.
  on node001 sh -c 'for i in 1 2 3 4 5 6 7 8; do
      for rank in 1 2; do echo node00$i.cluster; done; done >/run/pbs_nodes
    echo node003 >>/run/pbs_nodes'
  export from=node001
  expect 0 on node001 env PBS_NODEFILE=/run/pbs_nodes PBS_JOBID=12.server "$programs/launch" \
    --launcher=ssh
  # shellcheck disable=SC2016
  expect_said '8 hosts from \$PBS_NODEFILE'
  expect_said '8/8 ready'
  expect_imports PBS
  [ -d "$bed/home/.coppice/pbs-12" ] || fail "the service has not the job's name"
  expect_stop 0
  expect_said "'pbs-12' belongs to another job"
  expect 0 on node001 env PBS_JOBID=12.server "$programs/stop"
  unset from
  expect_nothing_left PBS
}

test_failures() {
  say "== failures"
  on node002 umount /dev/fuse
  on node002 mount --bind /dev/null /dev/fuse
  on node007 ip link set eth0 down
  on node005 python3 -c '
import os, socket
taken = socket.socket()
taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
taken.bind(("0.0.0.0", 7117))
taken.listen()
if os.fork() == 0:
    for i in range(3): os.close(i)
    # Whoever connects, it stays.
    while True: taken.accept()' >"$log" 2>&1 || fail 'the port cannot be taken'
  expect_launch 1 --hosts='node[001-008]' --launcher=ssh --fanout=2
  expect_said '(node007|node\[.*007.*\]): ssh: '
  expect_nothing_left 'too few hosts'
  printf 'SwitchName=s%s Nodes=node[%s]\n' 1 001-004 2 005-008 >"$bed/topology.conf"
  expect_launch 3 --hosts='node[001-008],nosuch' --launcher=ssh --fanout=2 --min-nodes=4 \
    --topology="$bed/topology.conf"
  expect_said '1 hosts are not in .*/topology.conf.*: nosuch'
  grep -q 'switches' "$bed"/home/.coppice/hosts/tree-* || fail 'the tree knows of no switches'
  expect_said '5/9 ready'
  expect_said 'node002: no FUSE'
  expect_said 'node005: port 7117 is taken'
  expect_said 'nosuch: unknown host name'
  expect_stop 0
  expect_nothing_left 'a part of the hosts'
  expect_launch 1 --hosts='node[001-'
  expect_said '[-]-hosts'
  expect_launch 2 --hosts=node001 --min-nodes=2
  expect_launch 1 --hosts=node001 --topology=/nosuch.conf
  expect_said '[-]-topology: .*/nosuch.conf'
  on node007 ip link set eth0 up
  on node002 umount /dev/fuse
  on node002 mount --bind /run/keep/fuse /dev/fuse
  on node005 pkill -f 'taken = socket'
}

# Starts a launch and signals it when it has begun to start nodes.
interrupt_launch() {
  # What the launch before said is not what we wait for.
  : >"$log"
  launch --hosts='node[001-008]' --launcher=ssh >"$log" 2>&1 &
  local pid=$! launcher
  timeout 60 tail -n +1 -F "$log" 2>/dev/null | grep -q -m1 'starting on'
  # The oldest: what it starts has its command line until it is another program.
  launcher=$(on login pgrep -o -f "^$programs/launch")
  on login kill "-$1" "$launcher"
  wait "$pid"
}

test_interruptions() {
  say "== interruptions"
  interrupt_launch INT
  expect_said interrupted
  expect_nothing_left Ctrl-C
  interrupt_launch KILL
  expect_launch 1 --hosts='node[001-008]' --launcher=ssh
  expect_said 'stop -- --name=hosts'
  expect_stop 0
  expect_nothing_left 'a launcher that was killed'
  expect_launch 0 --hosts='node[001-008]' --launcher=ssh
  expect_launch 1 --hosts='node[001-008]' --launcher=ssh
  expect_said 'launched already'
  # A crash on one node, the loss of another.
  on node003 pkill -9 -f '/fuse_client '
  on node006 ip link set eth0 down
  expect_stop 1
  expect_said 'node006: ssh: '
  on node006 ip link set eth0 up
  expect_stop 0
  expect_stop 0
  expect_said 'nothing is running'
  expect_nothing_left 'a crash'
}

# What the end of a batch job, or a restart, does to nodes.
forget_service_on() {
  local host
  for host in "$@"; do
    on "$host" pkill -9 -f '/(coppice_node|peer_server|fuse_client) '
    on "$host" umount -l /tmp/root/coppice
    on "$host" rm -rf /tmp/coppice-0 /tmp/root
  done
}

test_strange_peers() {
  say "== another service at the root's address, and a keeper that was killed"
  expect_launch 0 --hosts='node[001-002]' --launcher=ssh --name=gone
  forget_service_on node001 node002
  expect_launch 0 --hosts='node[001-002]' --launcher=ssh --name=other
  expect_stop 0 --name=gone
  expect_said 'belongs to another job'
  on node002 grep -q fuse.coppice /proc/mounts || fail 'the stop of one ended another'
  on node002 pkill -9 -f '/coppice_node '
  expect_stop 0 --name=other
  expect_said 'node002: (its keeper|not cleaned up)'
  expect_nothing_left 'a keeper that was killed'
  expect_launch 1 --hosts='node[001-100]' --launcher=ssh --fanout=1
  expect_said '[-]-fanout'
  expect_nothing_left 'a tree that is too deep'
}

test_slurm() {
  local program
  for program in slurmctld slurmd munged sbatch; do
    if ! command -v "$program" >/dev/null; then
      say "SKIPPED: $program is not installed (setup.sh does it)"
      return
    fi
  done
  say "== Slurm"
  bring_up_slurm || { fail "Slurm did not come up"; return; }
  # The programs of the job come after its launch, as steps beside ours, and before its stop.
  cat >"$bed/job.sh" <<JOB
#!/bin/bash
$programs/launch --fanout=2; echo launch=\$?
srun --overlap --ntasks-per-node=1 sh -c 'echo names=\$(ls /tmp/root/coppice | wc -l)'
squeue --steps --noheader --format='step=%j'
$programs/stop; echo stop=\$?
squeue --steps --noheader --format='after=%j'
JOB
  expect 0 on login sbatch --wait --nodes=8 --ntasks-per-node=1 --output="$bed/job.out" \
    "$bed/job.sh"
  cp "$bed/job.out" "$log"
  # shellcheck disable=SC2016
  expect_said '8 hosts from \$SLURM_JOB_NODELIST'
  expect_said 'starting on 8 hosts with srun'
  expect_said 'launch=0'
  [ "$(grep -cE '^names=[1-9]' "$log")" = 8 ] || fail 'not every node of the job reads the mount'
  expect_said 'step=coppice'
  expect_said 'stop=0'
  grep -q 'after=coppice' "$log" && fail 'the step was left running'
  expect_nothing_left 'a Slurm job'

  # A job that ends without a stop takes its nodes' part with it.
  printf '#!/bin/bash\n%s/launch; echo launch=$?\n' "$programs" >"$bed/job.sh"
  expect 0 on login sbatch --wait --nodes=8 --ntasks-per-node=1 --output="$bed/job.out" \
    "$bed/job.sh"
  cp "$bed/job.out" "$log"
  expect_said 'launch=0'
  for ((i = 0; i < 100; i++)); do
    [ -z "$(on login squeue --noheader)$(look_on node008)" ] && break
    read -r -t 0.2 _ <>"$bed/pids/login.go"
  done
  expect 0 stop --name=slurm-2 --forget
  expect_nothing_left 'a Slurm job without a stop'
}

bring_up || { cat "$bed"/log/*.init; say "FAILED: the cluster did not come up"; exit 1; }
test_tools
test_warm
test_pbs
test_failures
test_a_host_that_is_down
test_status
test_interruptions
test_strange_peers
test_slurm
say "$failures failures"
[ "$failures" -eq 0 ]
