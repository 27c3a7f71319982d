"""What labs in Kubernetes share: kubectl, and commands that run in pods.

A command enters by ``kubectl exec``, which does not end what it started when it is killed itself. So inside, each command
is the child of :mod:`experiments.labs.kubernetes.attached`, which ends it as soon as its standard input closes. That
input is a pipe whose other end only this program holds: when this program ends, by SIGKILL too, everything that it
started inside ends.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.errors import ExperimentFailed
from experiments.labs import commands
from experiments.labs.base import Node, Pod, Transcript, TypedLab
from experiments.labs.containerlab import topology
from experiments.labs.kubernetes.pods import CONTAINER

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Kubectl:
    """kubectl with a cluster: a kubeconfig's file, a context in it; each empty for kubectl's own choice."""

    kubeconfig: str = ""
    context: str = ""

    def argv(self, *arguments: str) -> list[str]:
        """The command line of ``kubectl …``."""
        where = [*(["--kubeconfig", self.kubeconfig] if self.kubeconfig else []),
                 *(["--context", self.context] if self.context else [])]
        return ["kubectl", *where, *arguments]

    def run(
        self, *arguments: str, timeout_s: float = TIMEOUT_S, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``kubectl …`` to its end; ``given`` is what it reads. Its status is the caller's to judge.

        Raises:
            UserError: kubectl is not installed.
            ExperimentFailed: it did not end in time, or said too much.
        """
        return commands.run(self.argv(*arguments), timeout_s, given=given)

    def text(self, *arguments: str, timeout_s: float = TIMEOUT_S, given: str | None = None) -> str:
        """What ``kubectl …`` printed.

        Raises:
            UserError, ExperimentFailed: as :meth:`run`, or its status is not zero; the message quotes its last words.
        """
        done = self.run(*arguments, timeout_s=timeout_s, given=given)
        if done.returncode != 0:
            raise ExperimentFailed(f"`{shlex.join(['kubectl', *arguments])}` ended with {done.returncode}: "
                                   f"{commands.words(done)}")
        return done.stdout

    def json(self, *arguments: str, timeout_s: float = TIMEOUT_S) -> Any:
        """What ``kubectl … --output json`` printed, read; None where it found nothing and printed nothing.

        Raises:
            UserError, ExperimentFailed: as :meth:`text`, or it is not JSON.
        """
        said = self.text(*arguments, "--output", "json", timeout_s=timeout_s)
        try:
            return json.loads(said) if said.strip() else None
        except (ValueError, RecursionError):
            raise ExperimentFailed(f"`{shlex.join(['kubectl', *arguments])}` did not print JSON.") from None

    def inside(self, namespace: str, pod: str, container: str, argv: Sequence[str], *, terminal: bool = False) -> list[str]:
        """The command line that runs ``argv`` in a pod's container; with ``terminal`` for a person at a keyboard."""
        how = ["--stdin", "--tty"] if terminal else ["--stdin"]
        return [*self.argv("exec", *how, "--namespace", namespace, pod, "--container", container, "--"), *argv]


class KubernetesLab(TypedLab):
    """A cluster with the measuring pods in it; satisfies :class:`experiments.labs.base.Lab`.

    ``members`` are Kubernetes' names of the nodes by ours (``node1``, ``node2``, and others where the lab made them); they
    are never part of a result. ``routers`` are the fabric's, each with the command line that enters it.
    """

    paper = False
    built_by_cni = True
    kernel = "host"
    python: tuple[str, ...] = ("python3",)
    source = topology.SOURCE

    def __init__(
        self, name: str, kubectl: Kubectl, namespace: str, nodes: tuple[Node, ...], members: Mapping[str, str], *,
        routers: Mapping[Node, Sequence[str]] | None = None, facts: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.kubectl = kubectl
        self.namespace = namespace
        self.nodes = nodes
        self.members = dict(members)
        self.routers = tuple(routers or {})
        self.facts = dict(facts or {})
        self.transcript = Transcript(phase="build")
        self._entries = {router.name: list(argv) for router, argv in (routers or {}).items()}
        self._places = {f"{kind}{node.index}" for kind in ("pod", "node") for node in nodes}
        self.stdin, self._held = os.pipe()

    def close(self) -> None:
        """Let go of everything that runs inside: it ends."""
        for end in (self._held, self.stdin):
            os.close(end)

    def command(self, place: str, argv: Sequence[str], *, devices: bool = False) -> list[str]:
        """The host command line that runs ``argv`` at ``place``; the empty place is this machine itself.

        Raises:
            KeyError: there is no such place.
        """
        if not place:
            return list(argv)
        if place in self._entries:
            return [*self._entries[place], *argv]
        if place not in self._places:
            raise KeyError(place)
        attached = [*self.python, f"{self.source}/experiments/labs/kubernetes/attached.py"]
        return self.kubectl.inside(self.namespace, place, CONTAINER, [*attached, *argv])

    def reach(self, place: str, namespace: str, pod: str, container: str) -> None:
        """Make another container of the cluster a place, as it is: what is typed there has to end by itself."""
        self._entries[place] = self.kubectl.inside(namespace, pod, container, [])

    def shell(self, place: str) -> list[str]:
        """As :meth:`experiments.labs.base.Lab.shell`."""
        if place in self._places:
            return self.kubectl.inside(self.namespace, place, CONTAINER, ["bash"], terminal=True)
        return self.command(place, ["bash"])

    def add_pod(self, pod: Pod) -> None:
        """Not here: Kubernetes makes the pods.

        Raises:
            ExperimentFailed: always.
        """
        raise ExperimentFailed(f"The pod {pod.name} is Kubernetes' to make, not a recipe's.")

    def write_file(self, place: str, path: str, content: str) -> None:
        """Not here: what a pod reads stands in the config map, and nothing else is written.

        Raises:
            ExperimentFailed: always.
        """
        raise ExperimentFailed(f"{path} is not written into {place}: in Kubernetes nothing is written into a pod.")

    def pods(self) -> tuple[Pod, ...]:
        """The two measuring pods with the addresses that the cluster gave them.

        Raises:
            ExperimentFailed: a pod has no address.
        """
        return tuple(Pod(f"pod{node.index}", node.name, self._address(f"pod{node.index}")) for node in self.nodes)

    def _address(self, pod: str) -> str:
        found = self.kubectl.json("get", "pod", pod, "--namespace", self.namespace)
        told = dig(found, "status", "podIPs")  # of a dual-stack cluster both, in its own order
        said = [dig(found, "status", "podIP"), *(dig(one, "ip") for one in (told if isinstance(told, list) else []))]
        for one in said:
            with contextlib.suppress(ValueError):
                return str(ipaddress.IPv4Address(one))
        raise ExperimentFailed(f"Kubernetes gave {pod} no IPv4 address, but {str(said[0])[:60]!r}.")


# RFC 1123, as Kubernetes asks of names; nothing else becomes part of a command line of ours.
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def is_name(text: str) -> bool:
    """Whether Kubernetes would take it as the name of an object: a cluster may say anything."""
    return bool(_NAME.fullmatch(text))


def dig(found: Any, *keys: str | int) -> Any:
    """What stands under the keys in something a cluster said, which may be anything; None where there is nothing."""
    for key in keys:
        if isinstance(found, dict) and isinstance(key, str):
            found = found.get(key)
        elif isinstance(found, list) and isinstance(key, int) and -len(found) <= key < len(found):
            found = found[key]
        else:
            return None
    return found


def items(found: Any) -> list[Any]:
    """The objects of a list that a cluster gave."""
    listed = dig(found, "items")
    return listed if isinstance(listed, list) else []


def waiting(pods: Any) -> list[str]:
    """Why containers do not start, as their pods' states say: an image that cannot be pulled above all."""
    said = []
    for pod in items(pods):
        for kind in ("initContainerStatuses", "containerStatuses"):
            states = dig(pod, "status", kind)
            for state in states if isinstance(states, list) else []:
                reason, message = (dig(state, "state", "waiting", key) for key in ("reason", "message"))
                if reason and reason not in ("PodInitializing", "ContainerCreating"):
                    said.append(f"{dig(state, 'image')}: {reason}" + (f", {str(message)[:300]}" if message else ""))
    return list(dict.fromkeys(said))


def not_ready(nodes: Any) -> list[str]:
    """The nodes that are not ready, with Kubernetes' own reason."""
    said = []
    for node in items(nodes):
        conditions = dig(node, "status", "conditions")
        ready = [one for one in (conditions if isinstance(conditions, list) else []) if dig(one, "type") == "Ready"]
        if dig(ready, 0, "status") != "True":
            said.append(f"{dig(node, 'metadata', 'name')}: {str(dig(ready, 0, 'message') or 'it says nothing')[:300]}")
    return said
