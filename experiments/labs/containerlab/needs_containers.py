"""What labs with containers need of a machine: their tools, Docker, root, and the image of the nodes."""

from __future__ import annotations

from experiments.catalog import Mode
from experiments.labs.capsule import without_xstate
from experiments.labs.containerlab import lab_image, topology
from experiments.labs.netns import needs_embedded
from experiments.machine import Machine, Missing
from experiments.machine.features import FEATURES

CPU = "proc/cpuinfo"
AMX = Missing(
    "a processor without AMX", "User-Mode Linux cannot hold its registers, and Docker does not hand on to a container's first "
    "process what keeps programs off AVX: where it was tried, that process crashed", "Use --lab netns, or another machine.",
)
MODULES = "/proc/modules"
TOOLS = {
    "docker": "Install Docker Engine (Debian package docker.io).",
    "containerlab": "Install containerlab 0.76 or newer: https://containerlab.dev/install/.",
    "nsenter": "Run `invoke setup` (Debian package util-linux).",
    "setpriv": "Run `invoke setup` (Debian package util-linux).",
}
HOW = {
    **TOOLS,
    "dockerd": "Install Docker Engine (Debian package docker.io).",
    "kind": "Install kind 0.32 or newer: `go install sigs.k8s.io/kind@v0.32.0`, or https://kind.sigs.k8s.io/.",
    "kubectl": "Install kubectl: https://kubernetes.io/docs/tasks/tools/ (Debian package kubernetes-client).",
}
ROOTLESS = Missing(
    "Docker that runs as root", "this one is rootless, and its containers' namespaces belong to a user namespace of its own, "
    "into which the links between the nodes cannot be put", "Use the system's: `docker context use default`; or --lab netns.",
)


def tools(machine: Machine, why: str, *more: str) -> list[Missing]:
    """The tools that are not installed: containerlab's, and ``more``."""
    return [Missing(tool, why, HOW[tool]) for tool in (*TOOLS, *more) if machine.program(tool) is None]


def host(machine: Machine) -> list[Missing]:
    """What containerlab asks of the machine."""
    found = []
    if not machine.root:
        found.append(Missing("root", "the program enters the containers' namespaces", "Run it with sudo -E."))
    if not machine.has(MODULES):
        found.append(Missing(MODULES, "containerlab looks for kernel modules there and stops where there are none",
                             "Use a distribution's kernel, or --lab netns."))
    return found


def docker(machine: Machine) -> list[Missing]:
    """Whether Docker answers, and has the image of the nodes."""
    if machine.program("docker") is None:
        return []  # said already, among the tools
    if refused := machine.docker():
        return [Missing("Docker's daemon", refused, "Start it: `systemctl start docker`, or `dockerd`.")]
    if machine.docker_image(topology.IMAGE):
        return []
    return [Missing(f"the image {topology.IMAGE}", "its containers are the nodes",
                    f"Build it: `docker build --tag {topology.IMAGE} experiments/labs/containerlab/image`.")]


def features(machine: Machine, wanted: list[str]) -> list[Missing]:
    """Kernel features that are not there, for labs on the host's kernel as it is."""
    refusals = ((feature, machine.feature(feature)) for feature in dict.fromkeys(wanted))
    return [Missing(f"kernel feature {feature}", refused, FEATURES[feature].how) for feature, refused in refusals if refused]


def on_host(mode: Mode, machine: Machine) -> tuple[Missing, ...]:
    """Return what the containerlab lab lacks for a mode: all at once, so that nobody installs one thing after the other."""
    if machine.system != "Linux":
        return (Missing("Linux", "containerlab makes links in this machine's kernel", "Run it in a virtual machine."),)
    if machine.rootless_docker():
        return (ROOTLESS,)
    return (*tools(machine, "the containerlab lab is built with it"), *host(machine),
            *docker(machine), *features(machine, list(mode.needs.kernel)))


def in_capsule(mode: Mode, machine: Machine) -> tuple[Missing, ...]:
    """Return what it lacks in the capsule, for machines whose own kernel cannot: Docker and containerlab on the capsule's."""
    found = [*needs_embedded.in_capsule(mode, machine)]
    if machine.system != "Linux":
        return tuple(found)
    if machine.has(CPU) and without_xstate.needed(machine.files / CPU):
        found.append(AMX)
    found += tools(machine, "containerlab in the capsule is built with it", "dockerd")
    if not lab_image.archive().is_file():
        found.append(Missing("the lab's image as an archive", f"{lab_image.archive()} is not there",
                             "Run `invoke setup --image`."))
    return tuple(found)
