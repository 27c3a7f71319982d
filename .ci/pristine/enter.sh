#!/usr/bin/env bash
# enter.sh ROOT PIP_CACHE COMMAND…: become the first process of a root and run a command in it.
# Runs in mount and PID namespaces of its own (unshare), so that all it mounts goes with its last process.
# pivot_root and not chroot: in a chroot the kernel refuses user namespaces, which the labs are made of.
set -euo pipefail
root=$1 pip_cache=$2
shift 2
mount --bind "$root" "$root"
cd "$root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=1777,nosuid,nodev tmp tmp
mount -t tmpfs -o mode=755,nosuid run run
mkdir -m 1777 run/lock

# Devices of its own, with the modes the kernel gives them: what `invoke setup` changes here, the machine keeps.
mount -t tmpfs -o mode=755,nosuid dev dev
mkdir dev/pts dev/shm dev/net
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev shm dev/shm
umask 000
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
  read -r name major minor <<<"$device"
  mknod -m 666 "dev/$name" c "$major" "$minor"
done
umask 022
mknod -m 600 dev/net/tun c 10 200
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
ln -s pts/ptmx dev/ptmx
mkdir -p root/.cache/pip
mount --bind "$pip_cache" root/.cache/pip

pivot_root . .
umount --lazy .
cd /root
# This shell stays the first process, which takes in what is orphaned; the command is its child.
"$@" </dev/null && exit 0 || exit "$?"
