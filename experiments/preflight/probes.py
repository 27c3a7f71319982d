"""Real probes, one a feature: the feature is used for a moment in a scratch namespace, and the answer is kept."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
PROBE_TIMEOUT_S = 10
DOCKER_API = (1, 41)  # of Docker 20.10, the oldest that containerlab and kind were tried with
PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64"}  # as Linux calls them (uname -m), and as Go does
_SCRATCH = ("unshare", "--user", "--map-root-user", "--net")


def processor() -> str:
    """This machine's kind of processor, as mode.yml and upstream's builds call it."""
    return PROCESSORS.get(platform.machine(), platform.machine())


@cache
def program(name: str) -> str | None:
    """Where a program is, the places for system programs included, which are not in everybody's PATH."""
    return shutil.which(name) or shutil.which(name, path=SYSTEM_PATH)


def _refused(*argv: str) -> str | None:
    """Run in a scratch network namespace; None if it worked, else the last thing that was said."""
    try:
        done = subprocess.run([*_SCRATCH, *argv], capture_output=True, text=True, errors="replace",
                              timeout=PROBE_TIMEOUT_S, check=False, env={**os.environ, "PATH": _path()})
    except FileNotFoundError as error:
        return f"{error.filename} is not installed"
    except subprocess.TimeoutExpired:
        return "no answer"
    if done.returncode == 0:
        return None
    said = (done.stderr or done.stdout).strip().splitlines()
    return said[-1] if said else f"exit status {done.returncode}"


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"


@cache
def user_namespaces() -> str | None:
    """Why no private namespaces can be made here; None if they can."""
    refused = _refused("true")
    if refused is None:
        return None
    for switch, off, how in (
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
         "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
        ("/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
    ):
        path = Path(switch)
        if path.exists() and path.read_text().strip() == off:
            return f"user namespaces are switched off ({switch} is {off}); as root: {how}"
    return f"user namespaces are not allowed here: {refused}"


def _link(kind: str, *options: str) -> str | None:
    """Why no link of this kind can be made."""
    return _refused("ip", "link", "add", "probe0", "type", kind, *options)


def _tun() -> str | None:
    """Why /dev/net/tun cannot be opened."""
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as error:
        return f"/dev/net/tun: {error.strerror}"
    return None


def _openvswitch() -> str | None:
    """Why the kernel has no Open vSwitch datapath: its generic netlink family is asked for."""
    ask = "from experiments.dataplanes.built.relays.netlink import Socket; Socket().family('ovs_datapath')"
    refused = _refused("env", f"PYTHONPATH={ROOT}", sys.executable, "-c", ask)
    return None if refused is None else f"openvswitch: {refused}"


def _packet_socket() -> str | None:
    """Why no packet socket can be opened."""
    return None if Path("/proc/net/packet").exists() else "the kernel has no packet sockets"


def _bridge_netfilter() -> str | None:
    """Why bridged packets cannot be shown to the packet filter."""
    switch = "/proc/sys/net/bridge/bridge-nf-call-iptables"
    return f"{switch} is not there" if _refused("test", "-e", switch) else None


def _iptables() -> str | None:
    """Why the packet filter's tables cannot be read; its lock file lies in a /run that is not everybody's."""
    return _refused("--mount", "sh", "-c", "mount -t tmpfs tmpfs /run && iptables -t nat -S && iptables -t filter -S")


FEATURES: Mapping[str, Callable[[], str | None]] = {
    "veth": lambda: _link("veth"),
    "bridge": lambda: _link("bridge"),
    "vxlan": lambda: _link("vxlan", "id", "1", "dstport", "8472"),
    "ipip": lambda: _link("ipip", "local", "192.0.2.1", "remote", "192.0.2.2"),
    "dummy": lambda: _link("dummy"),
    "ipv4-forwarding": lambda: _refused("sysctl", "-qw", "net.ipv4.ip_forward=1"),
    "tun": _tun,
    "openvswitch": _openvswitch,
    "packet-socket": _packet_socket,
    "bridge-netfilter": _bridge_netfilter,
    "iptables": _iptables,
}


@cache
def feature(name: str) -> str | None:
    """Why the host's kernel does not have a feature; None if it has it."""
    return user_namespaces() or FEATURES[name]()


@cache
def docker() -> str | None:
    """Why Docker's daemon does not answer this user; None if it does."""
    try:
        done = subprocess.run(["docker", "version", "--format", "{{.Server.APIVersion}}"], capture_output=True, text=True,
                              errors="replace", timeout=PROBE_TIMEOUT_S, check=False)
    except FileNotFoundError:
        return "docker is not installed"
    except subprocess.TimeoutExpired:
        return "no answer"
    said = (done.stderr or done.stdout).strip().splitlines()
    if done.returncode != 0:
        return said[-1] if said else f"exit status {done.returncode}"
    found = tuple(int(part) for part in done.stdout.strip().split(".") if part.isdigit())
    return None if found >= DOCKER_API else f"its API is {done.stdout.strip()}, older than {'.'.join(map(str, DOCKER_API))}"


def docker_image(name: str) -> bool:
    """Whether Docker has an image."""
    return subprocess.run(["docker", "image", "inspect", name], capture_output=True, timeout=PROBE_TIMEOUT_S,
                          check=False).returncode == 0
