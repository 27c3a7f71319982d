"""Docker, as far as the labs with containers ask it: who is there, and what has to go."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from experiments.errors import ExperimentFailed
from experiments.labs import commands

TIMEOUT_S = 60.0
# A client that was killed may have asked for a container that the daemon makes a moment later: so it is looked twice.
ROUNDS = 3


@dataclass(frozen=True)
class Container:
    """A node's container: Docker's id, and the process on the host whose namespaces are the container's."""

    id: str
    pid: int

    @property
    def enter(self) -> tuple[str, ...]:
        """The command line that enters its namespaces; needs root.

        Not ``docker exec``, which leaves a daemon running when the command that started it is stopped.
        """
        return ("nsenter", "--target", str(self.pid), "--mount", "--uts", "--ipc", "--net", "--pid")


def text(arguments: Sequence[str], timeout_s: float = TIMEOUT_S) -> str:
    """What ``docker …`` printed.

    Raises:
        UserError: Docker is not installed.
        ExperimentFailed: it failed, or did not end in time.
    """
    return commands.text(["docker", *arguments], timeout_s)


def has_container(identity: str) -> bool:
    """Whether Docker has the container of that id, running or not.

    Raises:
        ExperimentFailed: Docker does not answer, so nobody knows.
    """
    return identity in text(["ps", "--all", "--quiet", "--no-trunc", "--filter", f"id={identity}"]).splitlines()


def has_network(name: str) -> bool:
    """Whether Docker has the network of that name.

    Raises:
        ExperimentFailed: Docker does not answer, so nobody knows.
    """
    # The filter takes a part of a name for the name.
    return name in text(["network", "ls", "--format", "{{.Name}}", "--filter", f"name={name}"]).splitlines()


def has_image(name: str) -> bool:
    """Whether Docker has an image by a name, which may hold a digest.

    Raises:
        ExperimentFailed: Docker does not answer, so nobody knows.
    """
    if commands.run(["docker", "image", "inspect", name], TIMEOUT_S).returncode == 0:
        return True
    text(["version", "--format", "{{.Server.Version}}"])  # a listing cannot be asked for a name with a tag and a digest
    return False


def labelled(label: str) -> list[str]:
    """The ids of the containers that carry a label, the stopped ones too."""
    said = text(["ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}"])
    return [line for line in said.splitlines() if line]


def containers(names: Mapping[str, str]) -> dict[str, Container]:
    """The containers by the places they stand for; ``names`` are their own.

    Raises:
        ExperimentFailed: one is not there, or not running.
    """
    said = text(["container", "inspect", *names.values()])
    found = dict(zip(names, json.loads(said), strict=True))
    dead = [place for place, one in found.items() if not one["State"]["Running"]]
    if dead:
        raise ExperimentFailed(f"The containers of {', '.join(dead)} are not running.")
    return {place: Container(str(one["Id"]), int(one["State"]["Pid"])) for place, one in found.items()}


def sweep(labels: Sequence[str], ids: Iterable[str], networks: Sequence[str]) -> list[str]:
    """Remove containers by label and by id, then networks; what is still there afterwards, in words.

    The labels' values are names that this program drew at random, the ids were written down when the containers were made.

    Raises:
        ExperimentFailed: Docker does not answer.
    """
    known = set(ids)
    for _ in range(ROUNDS):
        found = _found(labels, known)
        if not found:
            break
        for one in found:
            commands.run(["docker", "rm", "--force", "--volumes", one], TIMEOUT_S)
    for network in networks:
        if has_network(network):
            commands.run(["docker", "network", "rm", network], TIMEOUT_S)
    return [*(f"container {one[:12]}" for one in _found(labels, known)),
            *(f"network {network}" for network in networks if has_network(network))]


def _found(labels: Sequence[str], known: set[str]) -> list[str]:
    return sorted({*(one for label in labels for one in labelled(label)), *(one for one in known if has_container(one))})
