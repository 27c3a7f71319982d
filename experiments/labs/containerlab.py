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
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from experiments.catalog import Mode
from experiments.errors import ExperimentFailed, UserError
from experiments.labs import addresses, leftovers, topology
from experiments.labs.base import Node, Pod, Transcript, TypedLab, run

DEPLOY_TIMEOUT_S = 180.0
DESTROY_TIMEOUT_S = 120.0
DOCKER_TIMEOUT_S = 60.0
TOPOLOGY_FILE = "topology.clab.yml"


@dataclass(frozen=True)
class Container:
    """A node's container: Docker's id, and the process on the host whose namespaces are the container's."""

    id: str
    pid: int


class ContainerlabLab(TypedLab):
    """A deployed lab; satisfies :class:`experiments.labs.base.Lab`. Made by :func:`up`."""

    name = "containerlab"
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

    def command(self, place: str, argv: Sequence[str]) -> list[str]:
        """The host command line that runs ``argv`` at ``place``; the empty place is this machine itself."""
        if not place:
            return list(argv)
        pod = self.pods.get(place)
        container = self.containers[pod.node if pod else place]
        inside = ["ip", "netns", "exec", pod.name, *argv] if pod else list(argv)
        return ["nsenter", "--target", str(container.pid), "--mount", "--uts", "--ipc", "--net", "--pid", *inside]

    def add_pod(self, pod: Pod) -> None:
        """Create the pod's network namespace inside its node's container."""
        run(self, pod.node, ["ip", "netns", "add", pod.name])
        self.pods[pod.name] = pod
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
    source = str(Path(__file__).resolve().parents[2])
    made = topology.topology(mode, nodes, name, source)
    folder = leftovers.begin(name)
    file = folder / TOPOLOGY_FILE
    file.write_text(yaml.safe_dump(made, sort_keys=False))
    try:
        _containerlab(["deploy", "--topo", str(file)], folder, DEPLOY_TIMEOUT_S)
        containers = _containers(name, made)
        leftovers.record(name, [container.id for container in containers.values()])
        members, routers = addresses.plan(nodes, mode.underlay.kind, mode.underlay.reflectors)
        lab = ContainerlabLab(containers, members, routers, kernel)
        _verify(lab, made)
        yield lab
    finally:
        remove(name)


def remove(name: str) -> None:
    """Remove a lab that :mod:`experiments.labs.leftovers` knows; see to it that nothing of it remains.

    Raises:
        ExperimentFailed: something would not go; it is named, and stays written down.
    """
    folder = leftovers.folder(name)
    file = folder / TOPOLOGY_FILE
    ids = set(leftovers.recorded(name))
    with contextlib.suppress(ExperimentFailed):  # what remains is looked at, whatever this says
        if file.exists():
            _containerlab(["destroy", "--topo", str(file), "--cleanup"], folder, DESTROY_TIMEOUT_S)
    # The label is containerlab's, its value a name that this program made at random.
    for found in {*_docker_lines(["ps", "--all", "--quiet", "--no-trunc", "--filter", f"label=containerlab={name}"]),
                  *(i for i in ids if _exists("container", i))}:
        _docker(["rm", "--force", "--volumes", found])
    network = f"{topology.PREFIX}-{name}"
    if _exists("network", network):
        _docker(["network", "rm", network])
    remaining = [f"container {i[:12]}" for i in sorted(ids) if _exists("container", i)]
    remaining += [f"network {network}"] if _exists("network", network) else []
    if remaining:
        raise ExperimentFailed(f"The containerlab lab {name} was not removed whole: {', '.join(remaining)} remain.",
                               "Run `invoke clean` when Docker answers again.")
    leftovers.end(name)


def _containerlab(arguments: Sequence[str], folder: Path, timeout_s: float) -> None:
    environment = {**os.environ, "CLAB_VERSION_CHECK": "disable", "CLAB_LABDIR_BASE": str(folder)}
    # With a killed runner it ends too: it would else go on to make what `invoke clean` has just looked for.
    _host(["setpriv", "--pdeathsig", "KILL", "containerlab", *arguments], timeout_s, environment)


def _docker(arguments: Sequence[str]) -> str:
    return _host(["docker", *arguments], DOCKER_TIMEOUT_S, None)


def _docker_lines(arguments: Sequence[str]) -> list[str]:
    return [line for line in _docker(arguments).splitlines() if line]


def _exists(kind: str, name: str) -> bool:
    """Whether Docker has it.

    Raises:
        ExperimentFailed: Docker does not answer, so nobody knows.
    """
    done = _run(["docker", kind, "inspect", name], DOCKER_TIMEOUT_S, None)
    if done.returncode != 0 and "no such" not in done.stderr.lower():
        raise ExperimentFailed(f"Docker could not say whether {kind} {name[:12]} is there: {_words(done)}")
    return done.returncode == 0


def _host(argv: Sequence[str], timeout_s: float, environment: Mapping[str, str] | None) -> str:
    done = _run(argv, timeout_s, environment)
    if done.returncode != 0:
        raise ExperimentFailed(f"`{_name(argv)}` ended with {done.returncode}: {_words(done)}")
    return done.stdout


def _name(argv: Sequence[str]) -> str:
    """A command by its first two words."""
    return " ".join(argv[3:5] if argv[0] == "setpriv" else argv[:2])


def _run(argv: Sequence[str], timeout_s: float, environment: Mapping[str, str] | None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(list(argv), capture_output=True, text=True, errors="replace", timeout=timeout_s,
                              stdin=subprocess.DEVNULL, env=environment, check=False)
    except FileNotFoundError:
        raise UserError(f"{argv[0]} is not installed.", f"Install {argv[0]}; `invoke list` says what is missing.") from None
    except subprocess.TimeoutExpired:
        raise ExperimentFailed(f"`{_name(argv)}` did not end within {timeout_s:g} s.") from None


def _words(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    return " / ".join(lines[-3:])[-600:] or "it said nothing"


def _containers(name: str, made: Mapping[str, Any]) -> dict[str, Container]:
    """The containers that were deployed, by node."""
    places = list(made["topology"]["nodes"])
    text = _docker(["container", "inspect", *(f"{topology.PREFIX}-{name}-{place}" for place in places)])
    found = {place: json.loads(text)[number] for number, place in enumerate(places)}
    dead = [place for place, container in found.items() if not container["State"]["Running"]]
    if dead:
        raise ExperimentFailed(f"The containers of {', '.join(dead)} are not running.")
    return {place: Container(str(one["Id"]), int(one["State"]["Pid"])) for place, one in found.items()}


def _verify(lab: ContainerlabLab, made: Mapping[str, Any]) -> None:
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
