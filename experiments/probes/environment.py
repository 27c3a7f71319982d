"""The machine as it was found: one small function a fact.

A fact that cannot be had is left out, and ``absent`` says why; it is never zero or empty. Nothing here tells who or
where somebody is: no host name, no user, no address of the machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments import bounded, paths
from experiments.errors import ExperimentFailed
from experiments.labs.base import Lab, run

# sysctls that decide what TCP does; read inside a node, where the measurement happens.
TCP_SYSCTLS = (
    "net.ipv4.tcp_congestion_control", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_sack", "net.ipv4.tcp_window_scaling", "net.ipv4.tcp_mtu_probing", "net.core.default_qdisc",
)
OFFLOADS = ("tx-checksumming", "tcp-segmentation-offload", "generic-segmentation-offload", "generic-receive-offload")
TOOLS: Mapping[str, Sequence[str]] = {
    "ip": ("ip", "-Version"), "iperf3": ("iperf3", "--version"), "sockperf": ("sockperf", "--version"),
    "bird": ("bird", "--version"), "ethtool": ("ethtool", "--version"),
    "linux.uml": ("linux.uml", "--version"),
}
LONGEST_ANSWER_BYTES = 1 << 16
_VERSION = re.compile(r"\d+\.\d+(?:[.\w-]*\w)?")


class Absent(Exception):
    """A fact that this machine does not give; the message is the reason."""


def host(slug: str) -> dict[str, Any]:
    """The machine, under the name that its owner gave it for publication."""
    found: dict[str, Any] = {"slug": slug}
    absent: dict[str, str] = {}
    for name, fact in HOST_FACTS.items():
        try:
            found[name] = fact()
        except (Absent, OSError, ValueError, bounded.TooLong, bounded.TooMuch) as reason:
            absent[name] = str(reason) or type(reason).__name__
    if absent:
        found["absent"] = absent
    return found


def host_slug(machine_id: Path = Path("/etc/machine-id"), cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """A name that says nothing: ``h`` and six digits that stay the same for this machine.

    They are a hash of the installation's random id (machine-id(5)), which cannot be guessed back, and of the processor's
    name: virtual machines of one image often share the id. Where there is no such id (many containers), a random one of
    this program's own is made and kept among the user's files. Six zeros where that cannot be written. The machine's own
    name takes no part, which could be found by trying names, nor a serial number, which is the hardware's and for root only.
    """
    identity = _installation_id(machine_id) or _own_id(paths.state() / "machine-id")
    try:
        processor = cpu_model(cpuinfo)
    except (Absent, OSError):
        processor = ""
    said = f"podpath {identity} {processor}"
    return "h" + (hashlib.sha256(said.encode()).hexdigest()[:6] if identity else "000000")


def _installation_id(path: Path) -> str:
    """The random id of this installation; empty where it has none (yet: machine-id(5), "uninitialized")."""
    try:
        said = path.read_text().strip()
    except OSError:
        return ""
    return said if said != "uninitialized" else ""


def _own_id(path: Path) -> str:
    """A random id of this program's own, made when it is first asked for; empty where it can be neither read nor kept."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
            unfinished.write_text(f"{secrets.token_hex(16)}\n")
            with contextlib.suppress(FileExistsError):  # another one was quicker, and its id counts
                path.hardlink_to(unfinished)
            unfinished.unlink()
        return path.read_text().strip()
    except OSError:
        return ""


def software() -> dict[str, Any]:
    """Versions of the tools that take part, and of Python."""
    found: dict[str, Any] = {"python": platform.python_version()}
    absent: dict[str, str] = {}
    for name, argv in TOOLS.items():
        try:
            found[name] = tool_version(argv)
        except Absent as reason:
            absent[name] = str(reason)
    if absent:
        found["absent"] = absent
    return found


def tool_version(argv: Sequence[str]) -> str:
    """The version that a tool prints of itself.

    Raises:
        Absent: it is not installed, or says nothing like a version.
    """
    path = paths.find(argv[0])
    if path is None:
        raise Absent("not installed")
    try:
        done = bounded.run([path, *argv[1:]], 10, LONGEST_ANSWER_BYTES)
    except (OSError, bounded.TooLong, bounded.TooMuch):
        raise Absent("it did not answer") from None
    version = _VERSION.search((done.stdout + done.stderr).decode(errors="replace"))
    if version is None:
        raise Absent("it does not say its version")
    return version[0]


def network(lab: Lab, places: Sequence[str], inside: str = "") -> dict[str, Any]:
    """TCP's settings ``inside`` a place (else the first node), and MTU and offloads of the underlay's device on ``places``."""
    done = run(lab, inside or places[0], ["sysctl", "--ignore", *TCP_SYSCTLS], check=False, record=False)
    pairs = (line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)
    sysctls = {name.strip(): " ".join(value.split()) for name, value in pairs}
    devices, mtus = {}, {}
    for place in places:
        device = lab.node(place).device
        features = parse_offloads(run(lab, place, ["ethtool", "-k", device], check=False, record=False).stdout)
        devices[f"{place}/{device}"] = {name: features[name] for name in OFFLOADS if name in features}
        mtus[f"{place}/{device}"] = mtu_bytes(lab, place, device)
    return {"single_host": not lab.foreign, "sysctl": sysctls, "mtu_bytes": mtus, "offload": devices}


def mtu_bytes(lab: Lab, place: str, device: str) -> int:
    """The MTU of a device.

    Raises:
        ExperimentFailed: the device does not exist, or ``ip`` cannot say.
    """
    done = run(lab, place, ["ip", "-json", "link", "show", "dev", device], record=False)
    try:
        return int(json.loads(done.stdout)[0]["mtu"])
    except (ValueError, KeyError, IndexError, TypeError):
        raise ExperimentFailed(f"On {place}: the MTU of {device} could not be read.") from None


def parse_offloads(text: str) -> dict[str, bool]:
    """Features from the answer of ``ethtool -k``."""
    pairs = (line.split(":", 1) for line in text.splitlines()[1:] if ":" in line)
    return {name.strip(): value.strip().startswith("on") for name, value in pairs}


def kernel() -> str:
    """Release of the running kernel."""
    return platform.release()


def architecture() -> str:
    """Instruction set as the kernel names it."""
    return platform.machine()


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name."""
    for line in cpuinfo.read_text().splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    raise Absent("/proc/cpuinfo names no model")


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def memory_bytes() -> int:
    """Memory of the machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def virtualisation() -> str:
    """``none``, or what systemd-detect-virt recognises; by the processor's flag where that is not installed."""
    if path := paths.find("systemd-detect-virt"):
        said = bounded.run([path], 5, LONGEST_ANSWER_BYTES).stdout.decode(errors="replace").strip()
        if said:
            return said
    flags = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "")
    if not flags:
        raise Absent("neither systemd-detect-virt nor processor flags")
    return "vm" if " hypervisor" in flags else "none"


def distribution() -> str:
    """Name and version of the distribution."""
    return platform.freedesktop_os_release()["PRETTY_NAME"]


def cgroup() -> str:
    """``v1`` or ``v2``."""
    if not Path("/sys/fs/cgroup").is_dir():
        raise Absent("no /sys/fs/cgroup")
    return "v2" if Path("/sys/fs/cgroup/cgroup.controllers").exists() else "v1"


def governor() -> str:
    """The frequency governor of the first processor."""
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if not path.exists():
        raise Absent("the kernel shows no frequency governor (usual in virtual machines)")
    return path.read_text().strip()


HOST_FACTS: Mapping[str, Callable[[], Any]] = {
    "kernel": kernel,
    "arch": architecture,
    "cpu_model": cpu_model,
    "cores": cores,
    "memory_bytes": memory_bytes,
    "virtualisation": virtualisation,
    "os": distribution,
    "cgroup": cgroup,
    "governor": governor,
}
