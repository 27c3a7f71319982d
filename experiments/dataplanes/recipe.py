"""What every recipe offers, and what recipes share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Protocol, cast

from experiments.catalog import Mode
from experiments.errors import ExperimentFailed
from experiments.evidence import Check
from experiments.labs.base import Lab, Node, Pod, run

POLL_S = 0.02


@dataclass(frozen=True)
class Daemon:
    """A running process of the data or control plane: where it runs, and its process id there."""

    name: str
    place: str
    pid: int


class Running(Protocol):
    """A process of the data or control plane that a recipe has started: ours or upstream's."""

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that it does when it starts."""
        ...

    def daemon(self) -> Daemon:
        """The process, for the accounting of CPU time."""
        ...

    def checks(self) -> list[Check]:
        """That it still runs, and what else shows which program it is."""
        ...


class Reporting(Running, Protocol):
    """A process that can be asked what it has found out and done."""

    source: str  # where its answers come from, as the evidence of a check says it

    def statistics(self) -> dict[str, Any]:
        """Its own figures now; nothing where it does not answer."""
        ...


class Recipe(Protocol):
    """Builds a mode on a lab's nodes and knows the signs by which it is recognised."""

    mode: Mode  # with the sizes and numbers that it has in this lab
    pods: tuple[Pod, ...]  # one a node, in the order of the nodes, with their addresses

    def __init__(self, lab: Lab, mode: Mode) -> None: ...

    def build(self) -> None:
        """Type the commands that build the mode on all nodes."""
        ...

    def wait_ready(self, timeout_s: float) -> None:
        """Return when routes or flows stand and each pod reaches each other pod."""
        ...

    def attest(self) -> list[Check]:
        """What is observed of the mode's particular signs; cheap enough to be called before and after measuring."""
        ...

    def names(self) -> dict[str, str]:
        """The lab's values for the placeholders in the mode's declared header fields."""
        ...

    def daemons(self) -> list[Daemon]:
        """The processes that carry the mode, for the accounting of CPU time."""
        ...

    def implementation(self) -> dict[str, str]:
        """What really ran: ``{"control plane": "BIRD 2.0.12", "data plane": "Linux 6.18 routing"}``."""
        ...


def ip_json(lab: Lab, place: str, *arguments: str, record: bool = True) -> list[dict[str, Any]]:
    """The answer of ``ip -json …`` at a place; an empty list where it found nothing."""
    done = run(lab, place, ["ip", "-json", *arguments], check=False, record=record)
    return cast(list[dict[str, Any]], json.loads(done.stdout or "[]")) if done.exit_code == 0 else []


def wait_for(condition: Callable[[], bool], what: str, timeout_s: float) -> None:
    """Poll until ``condition`` holds.

    Raises:
        ExperimentFailed: it did not within ``timeout_s`` seconds; the message says ``what`` was waited for.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise ExperimentFailed(
                f"Waited {timeout_s:g} s for {what}, in vain.",
                "The transcript of the failed deployment shows the state of every node.",
            )
        time.sleep(POLL_S)


def wait_for_pods(lab: Lab, pods: tuple[Pod, ...], timeout_s: float) -> None:
    """Return when each pod has answered each other pod's ping.

    Raises:
        ExperimentFailed: a pair of pods did not reach each other in time.
    """
    deadline = time.monotonic() + timeout_s
    for source, target in permutations(pods, 2):
        if source.name > target.name:
            continue  # an answered ping has crossed both ways
        wait_for(
            lambda source=source, target=target: _answers(lab, source, target),  # type: ignore[misc]
            f"{target.name} ({target.address}) to answer {source.name}",
            max(0.0, deadline - time.monotonic()),
        )


def _answers(lab: Lab, source: Pod, target: Pod) -> bool:
    ping = ["ping", "-c", "1", "-W", "1", target.address]
    return run(lab, source.name, ping, check=False, record=False).exit_code == 0


def pods_for(lab: Lab, address: Callable[[Node], str]) -> tuple[Pod, ...]:
    """One pod a node, named after the node's number."""
    return tuple(Pod(f"pod{node.index}", node.name, address(node)) for node in lab.nodes)


def expect(check: str, at: str, expected: object, observed: object, evidence: str) -> Check:
    """A check that holds when both sides are equal."""
    return Check(check, str(expected), str(observed), expected == observed, evidence, at)


def placeholder_names(lab: Lab, pods: tuple[Pod, ...]) -> dict[str, str]:
    """The addresses behind the placeholders: the first pod is the client, the second the server."""
    return {
        "client_node": lab.nodes[0].address,
        "server_node": lab.nodes[1].address,
        "client_pod": pods[0].address,
        "server_pod": pods[1].address,
    }
