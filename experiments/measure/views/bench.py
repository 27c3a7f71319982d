"""What the ways of measuring share: the lab, the mode that stands in it, the protocol, the tools' own outputs."""

from __future__ import annotations

import hashlib
from typing import Any

from experiments.catalog import Mode
from experiments.dataplanes.recipe import Recipe
from experiments.labs.base import Lab
from experiments.measure.protocol import CAPSULE_LINK_BPS, ETHERNET_BPS, Profile
from experiments.measure.views.plan import Ask, TrafficPath
from experiments.probes import environment, iperf3, noise, placement
from experiments.probes.placement import Placement
from experiments.results import rules
from experiments.results.model import Trial
from experiments.results.plain import shown


class Bench:
    """A lab where a mode stands, ready to be measured. ``raws`` collects the tools' own outputs."""

    def __init__(self, lab: Lab, recipe: Recipe, mode: Mode, protocol: Profile, prefix: str, kernel: str) -> None:
        self.lab = lab
        self.recipe = recipe
        self.mode = mode
        self.protocol = protocol
        self.relays = recipe.daemons()  # whatever becomes of them later
        self.prefix = prefix
        self.link_bps = CAPSULE_LINK_BPS if kernel == "uml" else ETHERNET_BPS
        self.raws: dict[str, tuple[str, str]] = {}
        self.capacity_bps: float | None = None  # one stream, native MSS: what "half load" is half of
        self.floor_p50_us: float | None = None  # sockperf over loopback: measured once, before the first latency
        self._canary_s: float | None = None  # what the canary takes here: once, before the first trial
        self.one_process = bool(lab.network_of(lab.nodes[0].name))  # that can hold both ends of a connection
        self.placement: Placement = placement.plan()
        client, server = lab.nodes[0], lab.nodes[1]
        self.paths = {
            "pod-pod": TrafficPath("pod-pod", recipe.pods[0].name, recipe.pods[1].name, recipe.pods[1].address),
            "host-host": TrafficPath("host-host", client.name, server.name, server.address),
        }

    def watch(self) -> noise.Watch | None:
        """What observes the machine during a trial; None where the nodes are other machines, of which it would say nothing."""
        if self.lab.foreign:
            return None
        if self._canary_s is None:
            self._canary_s = noise.canary_reference_s()
        return noise.Watch(self._canary_s)

    def broken(self, trial: Trial) -> str:
        """Which rules a trial breaks, in a sentence; empty if none. `validate` would refuse its numbers."""
        if lossy := rules.lossy(trial):
            return f"Too much was lost: {lossy}."
        cores = None if self.lab.foreign else environment.cores()
        found = [f"{name} = {shown(getattr(trial, name))}: {text}" for name, text in rules.broken(trial, self.mode.name, cores)]
        return f"The numbers cannot be right: {'; '.join(found)}." if found else ""

    def seed(self, ask: Ask) -> int:
        """What the order within the pairs of a trial is drawn from: the trial's own question, so that it can be had again."""
        asked = f"{self.prefix} {ask.view} {ask.streams} {ask.mss} {ask.burst_bytes} {ask.datagram_bytes}"
        return int.from_bytes(hashlib.sha256(asked.encode()).digest()[:4], "big")

    def iperf3(self, trial: Trial, path: TrafficPath, **options: Any) -> iperf3.IperfResult:
        """One run; its output is kept as the trial's."""
        result, text = iperf3.run_tcp(self.lab, path.client, path.server, path.address, **options)
        self.raws[trial.id] = (result.tool, text)
        return result
