"""Our sleeve relay beside weaver's own, in turn, on one kernel.

weaver makes a dummy link when it starts and ends where the kernel has none; the capsule's kernel has it. A relay in
User-Mode Linux measures User-Mode Linux's system calls, so only the ratio of the two says something.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from experiments import catalog
from experiments.bench.figures import Figure, NotRun
from experiments.catalog import Mode
from experiments.dataplanes.base import ip_json, wait_for
from experiments.dataplanes.weave import ALLOCATION, BRIDGE, Sleeve, Weave, peer_name
from experiments.errors import PodpathError
from experiments.labs import capsule
from experiments.labs.base import Lab, Node, start
from experiments.probes import iperf3
from experiments.run import lab_for

PAIRS = 5
SECONDS = 3
READY_TIMEOUT_S = 90.0
NAME = "weave-sleeve: our relay beside weaver"
INSTALL = "go install github.com/rajch/weave/prog/weaver@8397222003c0 (release 2.9.0; needs libpcap-dev)"


class Weaver(Weave):
    """The same pods on weaver's own bridge and its own sleeve."""

    def _bridge(self, node: Node) -> None:
        others = [other.address for other in self.lab.nodes if other != node]
        start(self.lab, node.name, [
            "weaver", "--port", "6783", "--name", peer_name(node), "--nickname", node.name, "--no-fastdp",
            "--datapath", "datapath", "--mtu", self.mtu, "--ipalloc-range", ALLOCATION,
            "--ipalloc-init", f"consensus={len(self.lab.nodes)}", "--no-dns", "--docker-api", "",
            "--http-addr", "127.0.0.1:6784", "--db-prefix", f"/run/podpath/{node.name}.weave", "--host-root", "/", *others,
        ])
        wait_for(lambda: bool(ip_json(self.lab, node.name, "link", "show", "dev", BRIDGE, record=False)),
                 f"weaver's bridge on {node.name}", READY_TIMEOUT_S)

    def _way_out(self, node: Node) -> None:
        """weaver has made its own."""


def figures() -> Iterator[Figure | NotRun]:
    """Goodput from pod to pod with either, pair by pair, in the capsule."""
    program = shutil.which("weaver")
    if program is None:
        yield NotRun(NAME, f"weaver is not installed: {INSTALL}")
        return
    features = ("packet-socket", "bridge", "docker", "dummy")
    try:
        with capsule.boot(features=features) as booted:
            found = booted.call("experiments.bench.weaver:pairs", {}, timeout_s=900, on_progress=lambda _: None)
    except PodpathError as refusal:
        yield NotRun(NAME, str(refusal))
        return
    ours, theirs = found["ours"], found["weaver"]
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    yield Figure(NAME, f"{statistics.median(ours) / 1e6:.1f} Mbit/s (UML)", "at least 1",
                 f"{statistics.median(theirs) / 1e6:.1f} Mbit/s (weaver)", ratio)


def pairs(argument: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, list[float]]:
    """Inside the capsule: the two in turn; bit/s."""
    found: dict[str, list[float]] = {"ours": [], "weaver": []}
    for number in range(PAIRS):
        tell(f"pair {number + 1} of {PAIRS}")
        for name, recipe in (("ours", Sleeve), ("weaver", Weaver)):
            found[name].append(_goodput(recipe))
    return found


def _goodput(recipe: Callable[[Lab, Mode], Weave]) -> float:
    mode = catalog.get("weave-sleeve")
    with lab_for(mode, kernel="uml") as lab:
        built = recipe(lab, mode)
        built.build()
        built.wait_ready(READY_TIMEOUT_S)
        client, server = built.pods
        result, _ = iperf3.run_tcp(lab, client.name, server.name, server.address, seconds=SECONDS, omit_s=1)
        return result.received_bps
