"""The containerlab lab: nodes are containers of the lab image, joined by containerlab's links.

containerlab and Docker build and remove; commands enter the containers' namespaces by ``nsenter``, as they enter the
embedded lab, so that a daemon started by us ends when we end it (``docker exec`` would leave it running). That needs root.

containerlab's exit codes are not trusted (a failed ``exec`` or a failed removal ends with 0): what has been deployed, and
that it is gone, is looked at. What is to be removed is written down before anything is made
(:mod:`experiments.labs.leftovers`), so that ``invoke clean`` can do it for a runner that was killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from experiments.catalog import Mode
from experiments.errors import ExperimentFailed, UserError
from experiments.labs import commands, leftovers, private
from experiments.labs.backend import NO_MEANS, Backend, InCapsule, Means, Paper, Tell
from experiments.labs.base import Node, Pod, Transcript, TypedLab, run
from experiments.labs.capsule import docker_inside
from experiments.labs.containerlab import docker, lab_image, needs_containers, topology
from experiments.labs.containerlab.docker import Container
from experiments.labs.fabric import addresses
from experiments.labs.netns.backend import on_paper
from experiments.machine import Machine, Missing
from experiments.paths import ROOT
from experiments.variant import CAPSULE, HOST

NAME = "containerlab"
DEPLOY_TIMEOUT_S = 180.0
DESTROY_TIMEOUT_S = 120.0
TOPOLOGY_FILE = "topology.clab.yml"
LABEL = "containerlab="  # what containerlab labels its containers with; the value is the lab's name


class ContainerlabLab(TypedLab):
    """A deployed lab; satisfies :class:`experiments.labs.base.Lab`. Made by :func:`up`."""

    name = NAME
    paper = False
    python: tuple[str, ...] = ("python3",)
    source = topology.SOURCE

    def __init__(
        self, containers: Mapping[str, Container], nodes: tuple[Node, ...], routers: tuple[Node, ...], kernel: str
    ) -> None:
        self.containers = containers
        self.nodes = nodes
        self.routers = routers
        self.kernel = kernel
        self.pods: dict[str, Pod] = {}
        self.transcript = Transcript(phase="build")

    def command(self, place: str, argv: Sequence[str], *, devices: bool = False) -> list[str]:
        """As :meth:`experiments.labs.base.Lab.command`; the empty place is this machine itself."""
        if not place:
            return list(argv)
        pod = self.pods.get(place)
        enter = self.containers[pod.node if pod else place].enter
        return [*(private.into(enter, pod.name, devices=devices) if pod else enter), *argv]

    def add_pod(self, pod: Pod) -> None:
        """Create the pod's network namespace inside its node's container."""
        run(self, pod.node, ["ip", "netns", "add", pod.name])
        self.pods[pod.name] = pod
        run(self, pod.name, addresses.WITHOUT_IPV6)
        run(self, pod.name, ["ip", "link", "set", "lo", "up"])


@contextlib.contextmanager
def up(mode: Mode, *, nodes: int = 2, kernel: str = "host") -> Iterator[ContainerlabLab]:
    """Deploy the mode's topology under a name of its own; it is removed at the end of the block, whatever happens in it.

    Raises:
        UserError: it is not run as root, or a tool is missing.
        ExperimentFailed: the lab did not come up as the topology says, or did not go; what remains is named.
    """
    if os.geteuid() != 0:
        raise UserError("The containerlab lab needs root, to enter the containers' namespaces.", "Run it with sudo -E.")
    name = f"pp{secrets.token_hex(4)}"
    source = str(ROOT)
    made = topology.topology(mode, nodes, name, source)
    folder = leftovers.begin(name, NAME)
    (folder / TOPOLOGY_FILE).write_text(yaml.safe_dump(made, sort_keys=False))
    try:
        clab(["deploy", "--topo", str(folder / TOPOLOGY_FILE)], folder, DEPLOY_TIMEOUT_S)
        containers = docker.containers({place: f"{topology.PREFIX}-{name}-{place}" for place in made["topology"]["nodes"]})
        leftovers.record(name, [container.id for container in containers.values()])
        members, routers = addresses.plan(nodes, mode.underlay.kind, mode.underlay.reflectors)
        lab = ContainerlabLab(containers, members, routers, kernel)
        verify(lab, made)
        yield lab
    finally:
        remove(name)


def remove(name: str) -> None:
    """Remove a lab that :mod:`experiments.labs.leftovers` knows; see to it that nothing of it remains.

    Raises:
        ExperimentFailed: something would not go; it is named, and stays written down.
    """
    folder = leftovers.folder(name)
    commands.end_marked(name)
    with contextlib.suppress(ExperimentFailed):  # what remains is looked at, whatever this says
        if (folder / TOPOLOGY_FILE).exists():
            clab(["destroy", "--topo", str(folder / TOPOLOGY_FILE), "--cleanup"], folder, DESTROY_TIMEOUT_S)
    remaining = docker.sweep([LABEL + name], leftovers.recorded(name), [f"{topology.PREFIX}-{name}"])
    if remaining:
        raise ExperimentFailed(f"The containerlab lab {name} was not removed whole: {', '.join(remaining)} remain.",
                               "Run `invoke clean` when Docker answers again.")
    leftovers.end(name)


def clab(arguments: Sequence[str], folder: Path, timeout_s: float) -> None:
    """Run ``containerlab …`` on a topology's file in ``folder``, with nothing of its own outside the folder.

    Raises:
        UserError: it is not installed.
        ExperimentFailed: it says that it failed; that it says nothing means nothing.
    """
    commands.text(commands.tied(["containerlab", *arguments]), timeout_s, environment=environment(folder), folder=folder)


def environment(folder: Path) -> dict[str, str]:
    """What containerlab is told beside its arguments: to ask nobody for a newer version, and where its files go."""
    # It keeps a copy of each topology below TMPDIR, for ever.
    return {**commands.marked(folder.name), "CLAB_VERSION_CHECK": "disable", "CLAB_LABDIR_BASE": str(folder),
            "TMPDIR": str(folder)}


def verify(lab: ContainerlabLab, made: Mapping[str, Any]) -> None:
    """Whether every link and every command of the topology has had its effect.

    Raises:
        ExperimentFailed: one has not; the message says what was expected and observed.
    """
    wrong = []
    for link in made["topology"]["links"]:
        for end in link["endpoints"]:
            place, device = end.split(":")
            shown = run(lab, place, ["ip", "-json", "address", "show", "dev", device], check=False, record=False)
            found = json.loads(shown.stdout)[0] if shown.exit_code == 0 else {}
            if found.get("mtu") != link["mtu"]:
                wrong.append(f"{place}: {device} has MTU {found.get('mtu')} instead of {link['mtu']}")
            if "tx-checksumming: on" not in run(lab, place, ["ethtool", "-k", device], check=False, record=False).stdout:
                wrong.append(f"{place}: {device} leaves checksums to software")
            here = {f"{a['local']}/{a['prefixlen']}" for a in found.get("addr_info", []) if a["family"] == "inet"}
            wrong += [f"{place}: {device} lacks {address}" for address in _addresses(made, place, device) - here]
    if wrong:
        raise ExperimentFailed("containerlab did not deploy what the topology says: " + "; ".join(wrong) + ".")


def _addresses(made: Mapping[str, Any], place: str, device: str) -> set[str]:
    commands = [command.split() for command in made["topology"]["nodes"][place]["exec"]]
    return {words[3] for words in commands if words[:3] == ["ip", "address", "add"] and words[5] == device}


class Containerlab(Backend):
    """The containerlab lab, for the table of labs."""

    name = NAME
    kernels = (HOST, CAPSULE)

    def needs(self, mode: Mode, kernel: str, machine: Machine) -> tuple[Missing, ...]:
        """As :meth:`Backend.needs`."""
        return (needs_containers.in_capsule if kernel == CAPSULE else needs_containers.on_host)(mode, machine)

    def up(
        self, mode: Mode, *, nodes: int = 2, kernel: str = HOST, means: Means = NO_MEANS, tell: Tell = lambda _: None
    ) -> contextlib.AbstractContextManager[ContainerlabLab]:
        """As :meth:`Backend.up`."""
        return up(mode, nodes=nodes, kernel=kernel)

    def on_paper(self, mode: Mode | None, *, nodes: int = 2, means: Means = NO_MEANS) -> Paper:
        """The topology, and a lab whose underlay is containerlab's: only the recipe's commands are recorded."""
        assert mode is not None
        lab = on_paper(nodes=nodes, underlay=mode.underlay.kind, reflectors=mode.underlay.reflectors)
        lab.transcript.steps.clear()
        deploy = yaml.safe_dump(topology.topology(mode, nodes), sort_keys=False, width=120)
        return Paper((f"# up, in the folder experiments/modes/{mode.name}",
                      "lab# containerlab deploy --topo /dev/stdin <<'END'", deploy + "END"), lab)

    def remove(self, name: str) -> None:
        """As :func:`remove`."""
        remove(name)

    def in_capsule(self) -> InCapsule:
        """Docker, and the lab's image as an archive."""
        return InCapsule(docker_inside.MEMORY_MB, ("docker",), (NAME,), "experiments.labs.capsule.docker_inside:start",
                         {"archive": str(lab_image.archive()), "image": topology.IMAGE})
