"""The first program inside the capsule: it mounts what there is to mount, then runs the guest's own code.

Each step that fails ends the start with its name and with what was said, as a marked line on the console, so that whoever
waits for the capsule is told at once (:meth:`experiments.labs.capsule.capsule.Capsule.wait_ready`).
"""

from __future__ import annotations

LEGACY = "/usr/sbin/xtables-legacy-multi"  # Debian's and others' iptables for kernels without nf_tables
MARK = "@@podpath "  # begins the guest's lines on the console; everything else there is the kernel's
EXCHANGE = "/run/podpath"  # in the private namespaces: what goes in and comes out
GUEST_EXCHANGE = "/mnt/exchange"  # the same folder inside
INIT = "podpath-init"  # the script's name there, which no file system's root has

# `halt` is missing where there is no init system (Debian's minbase). RB_POWER_OFF of linux/reboot.h; reboot(2).
_POWER_OFF = "import ctypes; ctypes.CDLL(None).reboot(0x4321FEDC)"

# A constant program: mounts, then the guest's own code. The values it needs come in by its environment. It runs on the host's
# programs, and a minimal system has few: beside mount, ip and modprobe only what sh and coreutils bring.
SCRIPT = r"""#!/bin/sh
# Each step that fails ends the start: its name and what was said go to the runner.
end() {
  text=$(printf %s "$1" | tr -c '[:print:]' ' ' | tr -d '"\\')
  printf '\n%s{"error": "%s"}\n' '@MARK@' "$text"
  exec "$podpath_python" -I -S -c '@POWER_OFF@'
}
step() {
  name=$1; shift
  said=$("$@" 2>&1) || end "$name: \`$*\` ended with $?: ${said:-it said nothing}"
}
# User-Mode Linux 6.1 takes the host's path as it is, 6.8 and later (with a new mount program) as the option hostfs=PATH; what
# means nothing to a kernel is an error there or mounts the host's root. So: what the exchange holds has to be seen.
exchange() {
  for option in "hostfs=$podpath_exchange" "$podpath_exchange"; do
    said="$said / $option: $(/mnt/bin/mount -t hostfs none /mnt/exchange -o "$option" 2>&1)"
    [ -e "/mnt/exchange/@INIT@" ] && return
  done
  end "mount the exchange folder: the host's $podpath_exchange is not seen by any of$said"
}
said=
step "mount a tmpfs" "$podpath_exchange/mount" -t tmpfs tmpfs /mnt
step "make folders" mkdir -p /mnt/exchange /mnt/lib/modules /mnt/bin
step "copy mount" cp "$podpath_exchange/mount" /mnt/bin/mount
step "mount proc" mount -t proc proc /proc
step "mount sysfs" mount -t sysfs sysfs /sys
step "mount a tmpfs" mount -t tmpfs tmpfs /run
step "mount a tmpfs" mount -t tmpfs tmpfs /tmp
step "make folders" mkdir /run/podpath
said=; exchange
# The program itself may lie where a tmpfs is now.
for folder in $(echo "$podpath_hidden" | tr : ' '); do
  step "make folders" mkdir -p "$folder"
  step "mount a folder of the host" mount -r -t hostfs none "$folder" -o "${option%"$podpath_exchange"}$folder"
done
step "find the kernel's modules" test -d "/usr/lib/uml/modules/$(uname -r)"
step "link the kernel's modules" ln -s "/usr/lib/uml/modules/$(uname -r)" "/mnt/lib/modules/$(uname -r)"
printf '#!/bin/sh\nexec /sbin/modprobe -d /mnt "$@"\n' > /run/modprobe || end "write /run/modprobe"
step "make it a program" chmod 755 /run/modprobe
echo /run/modprobe > /proc/sys/kernel/modprobe || end "name the program that loads modules"
# The kernel has the packet filter's old tables only, and Docker and weaver find iptables on PATH, which is the new one.
if [ -x @LEGACY@ ]; then
  for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    step "link $name" ln -s @LEGACY@ "/mnt/bin/$name"
  done
fi
step "bring up the loopback" ip link set lo up
stty -echo 2>/dev/null  # for tidiness only: an echoed job is not marked
cd / || end "go to the root"
# Not exec: the first process has to reap what the labs orphan, which a shell does and Python does not.
"$podpath_python" -m experiments.labs.capsule.guest || end "run Python: it ended with $?"
exec "$podpath_python" -I -S -c '@POWER_OFF@'
""".replace("@MARK@", MARK).replace("@LEGACY@", LEGACY).replace("@INIT@", INIT).replace("@POWER_OFF@", _POWER_OFF)
