"""What the labs in Kubernetes need: everything that is missing at once, each with what to do about it."""

from __future__ import annotations

import contextlib
import json
import platform
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from experiments.catalog import Mode
from experiments.errors import PodpathError
from experiments.labs import commands
from experiments.labs.containerlab import docker
from experiments.paths import MODES
from experiments.preflight import containers, probes
from experiments.preflight.missing import Missing

KIND_VERSION = (0, 32)  # the one that the pinned node image was published for
GIB = 1024 ** 3
# Three nodes with Kubernetes, a CNI and the lab's image; estimated from the sizes of their images.
DISK_BYTES, MEMORY_BYTES = 10 * GIB, 6 * GIB
# kubernetes-sigs/kind site/content/docs/user/known-issues.md, "Pod errors due to too many open files".
INOTIFY = {"max_user_watches": 524288, "max_user_instances": 512}
# What the CNIs need of the kernel beyond the mode's own features, as a file that is there when the module is: flanneld ends
# without it (flannel-io/flannel main.go).
BRIDGE_FILTER = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
WATCHES, CONTROL_GROUPS, MEMORY = Path("/proc/sys/fs/inotify"), Path("/sys/fs/cgroup"), Path("/proc/meminfo")
ANSWER_S = 5.0


def kind(mode: Mode) -> tuple[Missing, ...]:
    """What the kind lab lacks for a mode."""
    if platform.system() != "Linux":
        return (Missing("Linux", "the fabric's links are made in this machine's kernel", "Run it in a virtual machine."),)
    found = [*containers.tools("the kind lab is built with it", "kind", "kubectl"), *containers.machine(), *containers.docker(),
             *_old_kind(), *_inotify(), *_cgroup(), *_architecture(mode), *_room(), *_features(mode)]
    if not (MODES / mode.name / "kind.yml").is_file():
        found.append(Missing(f"{mode.name} in Kubernetes", "this variant is of the embedded lab only", "Use --lab netns."))
    return tuple(found)


def cluster() -> tuple[Missing, ...]:
    """What is needed to ask a cluster at all; whether it answers, and allows it, is asked when it is wanted."""
    if probes.program("kubectl") is None:
        return (Missing("kubectl", "clusters are spoken to by it", containers.HOW["kubectl"]),)
    if refused := context():
        return (Missing("a cluster", refused, "Name one: `kubectl config use-context NAME`, or set KUBECONFIG."),)
    return ()


@cache
def context() -> str | None:
    """Why kubectl knows no cluster; None if it knows one."""
    try:
        return None if commands.text(["kubectl", "config", "current-context"], ANSWER_S).strip() else "no context is chosen"
    except PodpathError as error:
        return error.problem


@cache
def _kind_version() -> str:
    with contextlib.suppress(PodpathError):
        return commands.text(["kind", "version", "--quiet"], ANSWER_S).strip()
    return ""


def _old_kind() -> list[Missing]:
    if probes.program("kind") is None:
        return []
    said = _kind_version()
    numbers = tuple(int(part) for part in said.lstrip("v").split("-")[0].split(".")[:2] if part.isdigit())
    if numbers >= KIND_VERSION:
        return []
    return [Missing("a newer kind", f"it says that its version is {said[:40] or 'nothing'}; the node image was published for "
                    f"{'.'.join(map(str, KIND_VERSION))}", containers.HOW["kind"])]


def _inotify() -> list[Missing]:
    """Three nodes' daemons watch more files than most distributions allow, and end without saying why."""
    found = []
    for name, least in INOTIFY.items():
        try:
            here = int((WATCHES / name).read_text())
        except (OSError, ValueError):
            continue  # a kernel without inotify is not one that runs Docker
        if here < least:
            found.append(Missing(f"fs.inotify.{name}", f"it is {here}, the nodes' daemons need {least}",
                                 f"As root: `sysctl fs.inotify.{name}={least}`."))
    return found


def _cgroup() -> list[Missing]:
    """Version 1 or 2: the pinned Kubernetes runs on both."""
    if (CONTROL_GROUPS / "cgroup.controllers").exists() or (CONTROL_GROUPS / "memory").is_dir():
        return []
    return [Missing("control groups", f"{CONTROL_GROUPS} has neither version 1 nor version 2, and kubelet needs one",
                    "Mount it: `mount -t cgroup2 none /sys/fs/cgroup`, or use a distribution with systemd.")]


def _architecture(mode: Mode) -> list[Missing]:
    here = probes.processor()
    wanted = mode.architectures or tuple(probes.PROCESSORS.values())
    if here in wanted:
        return []
    return [Missing(f"a processor of {' or '.join(wanted)}", f"this one is {here}, for which upstream's own implementation is "
                    "not published", "Use --lab netns, whose relays run on any processor.")]


def _room() -> list[Missing]:
    """Disk where Docker keeps its images, and memory that is free."""
    found = []
    about = _docker_info()
    place = Path(about.get("DockerRootDir", ""))
    if about and place.is_dir() and (disk := shutil.disk_usage(place).free) < DISK_BYTES:
        found.append(Missing("disk space", f"{disk / GIB:.1f} GiB are free in {place}, three nodes take {DISK_BYTES // GIB}",
                             "Free some: `docker system df` shows what Docker keeps."))
    memory = _memory_bytes()
    if memory is not None and memory < MEMORY_BYTES:
        found.append(Missing("memory", f"{memory / GIB:.1f} GiB are free, three nodes take {MEMORY_BYTES // GIB}",
                             "End other programs, or use a machine with more."))
    return found


@cache
def _docker_info() -> Mapping[str, str]:
    if probes.program("docker") is None or probes.docker():
        return {}
    try:
        found = json.loads(docker.text(["info", "--format", "{{json .}}"]))
    except (PodpathError, ValueError):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def _memory_bytes() -> int | None:
    """Memory that programs can have without swapping (proc(5), MemAvailable)."""
    try:
        lines = MEMORY.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None


def _features(mode: Mode) -> list[Missing]:
    found = []
    wanted = [*mode.needs.kernel, *(["vxlan"] if "openvswitch" in mode.needs.kernel else []),
              *(["dummy"] if mode.cni.name == "weave" else [])]  # weaver raises its bridge's MTU by a dummy link
    for feature in dict.fromkeys(wanted):
        if refused := probes.feature(feature):
            found.append(Missing(f"kernel feature {feature}", refused,
                                 f"Load its module (`modprobe {feature}`), or use another kernel."))
    if mode.cni.name == "flannel" and not BRIDGE_FILTER.exists():
        found.append(Missing("kernel feature br_netfilter", f"{BRIDGE_FILTER} is not there, and flanneld ends without it",
                             "Load its module: `modprobe br_netfilter`."))
    return found
