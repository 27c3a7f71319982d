"""What the kind lab needs: everything that is missing at once, each with what to do about it."""

from __future__ import annotations

from experiments.catalog import Mode, pending
from experiments.labs.containerlab import needs_containers as containers
from experiments.labs.kubernetes import manifest
from experiments.machine import Machine, Missing
from experiments.machine.snapshot import PROCESSORS

KIND_VERSION = (0, 32)  # the one that the pinned node image was published for
GIB = 1024 ** 3
# Three nodes with Kubernetes, a CNI and the lab's image; estimated from the sizes of their images.
DISK_BYTES, MEMORY_BYTES = 10 * GIB, 6 * GIB
# kubernetes-sigs/kind site/content/docs/user/known-issues.md, "Pod errors due to too many open files".
INOTIFY = {"max_user_watches": 524288, "max_user_instances": 512}
CONTROL_GROUPS = "/sys/fs/cgroup"
ANSWER_S = 5.0


def needs(mode: Mode, machine: Machine) -> tuple[Missing, ...]:
    """What the kind lab lacks for a mode."""
    if machine.system != "Linux":
        return (Missing("Linux", "the fabric's links are made in this machine's kernel", "Run it in a virtual machine."),)
    if machine.rootless_docker():
        return (containers.ROOTLESS,)
    found = [*containers.tools(machine, "the kind lab is built with it", "kind", "kubectl"), *containers.host(machine),
             *containers.docker(machine), *_old_kind(machine), *_inotify(machine), *_cgroup(machine),
             *_architecture(mode, machine), *_room(machine), *_features(mode, machine)]
    if not pending.in_kubernetes(mode.name):
        why = "this variant is of the embedded lab only" if mode.variant_of else f"it is {pending.NOT_IN_KUBERNETES}"
        found.append(Missing(f"{mode.name} in Kubernetes", why, "Use --lab netns."))
    return tuple(found)


def _old_kind(machine: Machine) -> list[Missing]:
    if machine.program("kind") is None:
        return []
    answer = machine.ask("kind", "version", "--quiet", timeout_s=ANSWER_S)
    said = answer.output.strip() if answer.ok else ""
    numbers = tuple(int(part) for part in said.lstrip("v").split("-")[0].split(".")[:2] if part.isdigit())
    if numbers >= KIND_VERSION:
        return []
    return [Missing("a newer kind", f"it says that its version is {said[:40] or 'nothing'}; the node image was published for "
                    f"{'.'.join(map(str, KIND_VERSION))}", containers.HOW["kind"])]


def _inotify(machine: Machine) -> list[Missing]:
    """Three nodes' daemons watch more files than most distributions allow, and end without saying why."""
    found = []
    for name, least in INOTIFY.items():
        here = machine.inotify(name)
        if here is not None and here < least:  # a kernel without inotify is not one that runs Docker
            found.append(Missing(f"fs.inotify.{name}", f"it is {here}, the nodes' daemons need {least}",
                                 f"As root: `sysctl fs.inotify.{name}={least}`."))
    return found


def _cgroup(machine: Machine) -> list[Missing]:
    """Version 1 or 2: the pinned Kubernetes runs on both."""
    if machine.control_groups():
        return []
    return [Missing("control groups", f"{CONTROL_GROUPS} has neither version 1 nor version 2, and kubelet needs one",
                    "Mount it: `mount -t cgroup2 none /sys/fs/cgroup`, or use a distribution with systemd.")]


def _architecture(mode: Mode, machine: Machine) -> list[Missing]:
    wanted = mode.architectures or tuple(PROCESSORS.values())
    if machine.processor in wanted:
        return []
    return [Missing(f"a processor of {' or '.join(wanted)}", f"this one is {machine.processor}, for which upstream's own "
                    "implementation is not published", "Use --lab netns, whose relays run on any processor.")]


def _room(machine: Machine) -> list[Missing]:
    """Disk where Docker keeps its images, and memory that is free."""
    found = []
    place = machine.docker_info().get("DockerRootDir")
    disk = machine.free_bytes(place) if isinstance(place, str) else None
    if disk is not None and disk < DISK_BYTES:
        found.append(Missing("disk space", f"{disk / GIB:.1f} GiB are free in {place}, three nodes take {DISK_BYTES // GIB}",
                             "Free some: `docker system df` shows what Docker keeps."))
    memory = machine.memory_bytes()
    if memory is not None and memory < MEMORY_BYTES:
        found.append(Missing("memory", f"{memory / GIB:.1f} GiB are free, three nodes take {MEMORY_BYTES // GIB}",
                             "End other programs, or use a machine with more."))
    return found


def _features(mode: Mode, machine: Machine) -> list[Missing]:
    """What the mode and its CNI's daemon need of the kernel; the vxlan port of Open vSwitch is a module of its own."""
    needs = manifest.needs(mode.cni.name)
    found = containers.features(
        machine, [*mode.needs.kernel, *(["vxlan"] if "openvswitch" in mode.needs.kernel else []), *needs.kernel])
    return found + [Missing(f"kernel feature {one.name}", f"{one.file} is not there, and {one.why}",
                            f"Load its module: `modprobe {one.name}`.") for one in needs.modules if not machine.has(one.file)]
