"""What labs with containers need of a machine: their tools, Docker, root, and the image of the nodes."""

from __future__ import annotations

import os
from pathlib import Path

from experiments.labs.containerlab import topology
from experiments.preflight import probes
from experiments.preflight.missing import Missing

MODULES = Path("/proc/modules")
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


def tools(why: str, *more: str) -> list[Missing]:
    """The tools that are not installed: containerlab's, and ``more``."""
    return [Missing(tool, why, HOW[tool]) for tool in (*TOOLS, *more) if probes.program(tool) is None]


def machine() -> list[Missing]:
    """What containerlab asks of the machine."""
    found = []
    if os.geteuid() != 0:
        found.append(Missing("root", "the program enters the containers' namespaces", "Run it with sudo -E."))
    if not MODULES.exists():
        found.append(Missing("/proc/modules", "containerlab looks for kernel modules there and stops where there are none",
                             "Use a distribution's kernel, or --lab netns."))
    return found


def docker() -> list[Missing]:
    """Whether Docker answers, and has the image of the nodes."""
    if probes.program("docker") is None:
        return []  # said already, among the tools
    if refused := probes.docker():
        return [Missing("Docker's daemon", refused, "Start it: `systemctl start docker`, or `dockerd`.")]
    if probes.docker_image(topology.IMAGE):
        return []
    return [Missing(f"the image {topology.IMAGE}", "its containers are the nodes",
                    f"Build it: `docker build --tag {topology.IMAGE} experiments/labs/containerlab/image`.")]
