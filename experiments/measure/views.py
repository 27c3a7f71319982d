"""The five views of a mode: wire, link, speed, cost, latency; each trial beside its baseline on the same two nodes.

The baseline is the same measurement between the nodes themselves, before the trials and (for speed, which drifts most)
after them. Every function here starts a tool through the probes, reads what it says, and returns a trial; a tool that
fails makes a failed trial with its reason, never a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from experiments.catalog import Mode, limits
from experiments.dataplanes.recipe import Recipe
from experiments.labs.base import Lab, run
from experiments.measure.attestation import set_segmentation
from experiments.measure.protocol import (
    CAPSULE_LINK_BPS,
    CONGESTION_CONTROL,
    EQUAL_MSS_BYTES,
    ETHERNET_BPS,
    NOISE_LIMITS,
    OFFERED_BPS,
    SMALL_MSS_BYTES,
    Profile,
)
from experiments.probes import counters, cpu, environment, iperf3, noise, sockperf
from experiments.probes.errors import ProbeError
from experiments.results import rules
from experiments.results.model import Trial
from experiments.results.plain import shown
from experiments.results.times import now
from experiments.results.words import quantity

# Offered slowly, in writes of whole segments: no queue overflows, no segment is half full, each packet counts once. A lost
# packet is sent, and counted, twice: then the transfer is made again, at a quarter of the rate; a relay may not keep up before.
WIRE_OFFERED_BPS = (200_000_000, 50_000_000, 12_500_000)
WIRE_SEGMENTS_A_WRITE = 10
IDLE_S = 1.0  # how long the idle machine is watched before a cost trial
# What is not measured where the nodes are somebody's, and why. Speed and latency are.
NOT_OURS = {
    "wire": "the counters of a node's network card count everybody's packets, and a cluster's cards are not ours to change",
    "link": "it would shape a node's own network card, and a cluster's cards are not ours to change",
    "cost": "processor time is counted on this machine, and the nodes are others",
}


@dataclass(frozen=True)
class TrafficPath:
    """Between whom a trial runs."""

    name: str  # pod-pod | host-host
    client: str
    server: str
    address: str


@dataclass(frozen=True)
class Ask:
    """One trial of the plan."""

    view: str
    path: str
    phase: str  # before | during | after
    streams: int = 1
    mss: str = "native"
    load_ratio: float = 0.0


def plan(protocol: Profile) -> list[Ask]:
    """The trials of a deployment in their order: baseline, mode, baseline."""
    asks = [Ask(view, "host-host", "before") for view in protocol.views]
    for view in protocol.views:
        if view == "speed":
            asks += [Ask("speed", "pod-pod", "during", streams) for streams in protocol.streams]
            if protocol.equal_mss:
                asks += [Ask("speed", "pod-pod", "during", 1, mss) for mss in ("equal", "small")]
        elif view == "latency":
            asks += [Ask("latency", "pod-pod", "during", load_ratio=load) for load in (0.0, 0.5)]
        else:
            asks.append(Ask(view, "pod-pod", "during"))
    if "speed" in protocol.views:
        asks.append(Ask("speed", "host-host", "after"))
    return asks


class Bench:
    """Runs the plan's trials on a lab where a mode stands. ``raws`` collects the tools' own outputs."""

    def __init__(self, lab: Lab, recipe: Recipe, mode: Mode, protocol: Profile, prefix: str, kernel: str) -> None:
        self.lab = lab
        self.recipe = recipe
        self.mode = mode
        self.protocol = protocol
        self.prefix = prefix
        self.link_bps = CAPSULE_LINK_BPS if kernel == "uml" else ETHERNET_BPS
        self.raws: dict[str, tuple[str, str]] = {}
        self.capacity_bps: float | None = None  # one stream, native MSS: what "half load" is half of
        self.floor_p50_us: float | None = None  # sockperf over loopback: measured once, before the first latency
        self._canary_s: float | None = None  # what the canary takes here: once, before the first trial
        self._views: dict[str, Callable[[Trial, TrafficPath, Ask], Trial]] = {
            "wire": self._wire, "link": self._link, "speed": self._speed, "cost": self._cost,
            "latency": self._latency,
        }
        client, server = lab.nodes[0], lab.nodes[1]
        self.paths = {
            "pod-pod": TrafficPath("pod-pod", recipe.pods[0].name, recipe.pods[1].name, recipe.pods[1].address),
            "host-host": TrafficPath("host-host", client.name, server.name, server.address),
        }

    def trials(self, tell: Callable[[str], None]) -> Iterator[Trial]:
        """One trial after the other; a noisy one is kept as discarded and repeated once, if the profile repeats at all."""
        asks = plan(self.protocol)
        for number, ask in enumerate(asks, 1):
            identity = f"{self.prefix}-{number:02d}-{ask.view}"
            if why := self._left_out(ask):
                yield Trial(identity, ask.view, ask.path, "not-run", reason=f"not run, because {why}", phase=ask.phase)
                continue
            tell(f"measure {number}/{len(asks)}: {ask.view}, {ask.path}")
            trial = self._trial(identity, ask)
            reason = _too_noisy(trial)
            if reason and trial.status == "ok" and self.protocol.repeats:
                yield replace(trial, status="discarded", reason=reason)
                trial = self._trial(f"{identity}-again", ask)
            yield trial

    def _left_out(self, ask: Ask) -> str:
        """Why a trial is not made in this lab; empty if it is."""
        if self.lab.foreign and ask.view in NOT_OURS:
            return NOT_OURS[ask.view]
        if self.lab.refused and ask.path == "host-host":
            return f"there are no pods on the nodes' own network: {self.lab.refused}"
        return ""

    def _trial(self, identity: str, ask: Ask) -> Trial:
        base = Trial(identity, ask.view, ask.path, "ok", phase=ask.phase, started_at=now(), streams=ask.streams,
                     mss=ask.mss, congestion_control=CONGESTION_CONTROL)
        # What this machine does meanwhile says nothing of nodes that are other machines.
        watch = self._watch()
        try:
            trial = self._views[ask.view](base, self.paths[ask.path], ask)
            if broken := self._broken(trial):
                raise ProbeError(broken)
        except ProbeError as failure:
            return replace(base, status="failed", reason=str(failure), noise=watch.stop() if watch else {})
        return replace(trial, noise=watch.stop() if watch else {})

    def _watch(self) -> noise.Watch | None:
        if self.lab.foreign:
            return None
        if self._canary_s is None:
            self._canary_s = noise.canary_reference_s()
        return noise.Watch(self._canary_s)

    def _broken(self, trial: Trial) -> str:
        """Which rules a trial breaks, in a sentence; empty if none. `validate` would refuse its numbers."""
        cores = None if self.lab.foreign else environment.cores()
        found = [f"{name} = {shown(getattr(trial, name))}: {text}" for name, text in rules.broken(trial, self.mode.name, cores)]
        return f"The numbers cannot be right: {'; '.join(found)}." if found else ""

    # -- the views --------------------------------------------------------------------------------------------------

    def _wire(self, trial: Trial, path: TrafficPath, ask: Ask) -> Trial:
        """Payload over what the underlay carried for it; counts, no clock."""
        segment = limits.limit(self.mode if path.name == "pod-pod" else None).payload_bytes
        set_segmentation(self.lab, on=False)
        try:
            for offered_bps in WIRE_OFFERED_BPS:
                counted, wrong = self._wire_once(trial, path, segment, offered_bps)
                if not wrong:
                    return counted
        finally:
            set_segmentation(self.lab, on=True)
        raise ProbeError(f"{wrong} So it was in each of {len(WIRE_OFFERED_BPS)} transfers, the last of which was offered at "
                         f"{quantity(offered_bps, 'bit/s')}.")

    def _wire_once(self, trial: Trial, path: TrafficPath, segment: int, offered_bps: int) -> tuple[Trial, str]:
        """One transfer, and why its counts are not those of its payload; empty if they are."""
        node = self.lab.nodes[0]
        before = counters.read(self.lab, node.name, node.device)
        result = self._iperf3(trial, path, size_bytes=self.protocol.wire_bytes, offered_bps=offered_bps,
                              write_bytes=WIRE_SEGMENTS_A_WRITE * segment)
        sent = counters.read(self.lab, node.name, node.device) - before
        if result.retransmits:
            return trial, "Packets were lost, and counted twice."
        # Sent is what the socket took. What the device had not carried yet when it was read makes the ratio too good.
        try:
            ratio = counters.wire_efficiency(result.sent_bytes, sent)
        except ProbeError as impossible:
            return trial, str(impossible)
        counted = replace(
            trial, payload_bytes=result.sent_bytes, underlay_tx_bytes=sent.tx_bytes,
            underlay_tx_packets=sent.tx_packets, wire_efficiency_ratio=round(ratio, 6),
            wire_goodput_bps=round(ratio * ETHERNET_BPS), retransmits=result.retransmits, mss_bytes=result.mss_bytes,
        )
        return counted, self._broken(counted)

    def _speed(self, trial: Trial, path: TrafficPath, ask: Ask) -> Trial:
        """As fast as it goes, on a link without limit."""
        mss = {"native": None, "equal": EQUAL_MSS_BYTES, "small": SMALL_MSS_BYTES}[ask.mss]
        result = self._iperf3(trial, path, seconds=self.protocol.trial_s, omit_s=self.protocol.omit_s,
                              streams=ask.streams, mss_bytes=mss)
        if path.name == "pod-pod" and ask.streams == 1 and mss is None:
            self.capacity_bps = result.received_bps
        return _goodput(trial, result)

    def _link(self, trial: Trial, path: TrafficPath, ask: Ask) -> Trial:
        """Over an emulated Ethernet of ``link_bps``; says whether the link or the CPU was the limit."""
        set_segmentation(self.lab, on=False)
        shape = ["root", "tbf", "rate", f"{self.link_bps // 1_000_000}mbit", "burst", "32kb", "limit", "2mb",
                 "overhead", str(limits.ETHERNET_EXTRA_BYTES)]
        try:
            for node in self.lab.nodes[:2]:
                run(self.lab, node.name, ["tc", "qdisc", "replace", "dev", node.device, *shape])
            result = self._iperf3(trial, path, seconds=self.protocol.trial_s, omit_s=self.protocol.omit_s)
        finally:
            for node in self.lab.nodes[:2]:
                run(self.lab, node.name, ["tc", "qdisc", "delete", "dev", node.device, "root"], check=False)
            set_segmentation(self.lab, on=True)
        limit = limits.goodput_limit_bps(self.mode if path.name == "pod-pod" else None, self.link_bps)
        reached = result.received_bps >= 0.97 * limit
        return replace(_goodput(trial, result), link_rate_bps=self.link_bps, limited_by="link" if reached else "cpu")

    def _cost(self, trial: Trial, path: TrafficPath, ask: Ask) -> Trial:
        """CPU time and context switches at an offered load that is the same for every mode.

        In packets as they are on a wire: a virtual link would carry 64 KiB at a time from one node to the other, and
        the work that a mode does for each packet would be counted once for 40 of them.
        """
        set_segmentation(self.lab, on=False)
        try:
            idle = cpu.rate_when_idle(IDLE_S)
            meter = cpu.Meter(self.lab, self.recipe.daemons())
            result = self._iperf3(trial, path, seconds=self.protocol.cost_s, offered_bps=OFFERED_BPS)
            used = meter.stop(idle)
        finally:
            set_segmentation(self.lab, on=True)
        gigabits = result.received_bytes * 8 / 1e9
        packets = result.received_bytes / (result.mss_bytes or 1448)
        return replace(
            _goodput(trial, result), offered_bps=OFFERED_BPS, cpu_core_s=round(used.busy_core_s, 4),
            softirq_core_s=round(used.softirq_core_s, 4), steal_core_s=round(used.steal_core_s, 4),
            daemon_core_s=round(used.daemon_core_s, 4), core_s_per_gbit=round(used.busy_core_s / gigabits, 4),
            context_switches_per_packet=round(used.context_switches / packets, 4),
        )

    def _latency(self, trial: Trial, path: TrafficPath, ask: Ask) -> Trial:
        """Request and response, one at a time: idle, or beside a stream at a share of this mode's own goodput."""
        if self.floor_p50_us is None:
            self.floor_p50_us = sockperf.floor(self.lab, path.client)[0].p50_us
        load = None
        if ask.load_ratio:
            if self.capacity_bps is None:
                raise ProbeError("There is no goodput of this deployment to take a share of.")
            rate_bps = round(ask.load_ratio * self.capacity_bps)
            trial = replace(trial, offered_bps=rate_bps)
            load = partial(iperf3.background, self.lab, path.client, path.server, path.address, rate_bps)
        result, text = sockperf.run_ping_pong(
            self.lab, path.client, path.server, path.address, samples=self.protocol.latency_samples,
            floor_us=self.floor_p50_us, load=load,
        )
        self.raws[trial.id] = (result.tool, text)
        return replace(
            trial, streams=None, mss=None, congestion_control=None, load_ratio=ask.load_ratio, samples=result.samples,
            p50_us=result.p50_us, p90_us=result.p90_us, p99_us=result.p99_us, p999_us=result.p999_us,
            max_us=result.max_us, floor_p50_us=self.floor_p50_us,
        )

    # -- shared -----------------------------------------------------------------------------------------------------

    def _iperf3(self, trial: Trial, path: TrafficPath, **options: Any) -> iperf3.IperfResult:
        result, text = iperf3.run_tcp(self.lab, path.client, path.server, path.address, **options)
        self.raws[trial.id] = (result.tool, text)
        return result


def _goodput(trial: Trial, result: iperf3.IperfResult) -> Trial:
    return replace(
        trial, duration_s=round(result.seconds, 3), goodput_bps=round(result.received_bps),
        sent_bps=round(result.sent_bps),
        retransmits=result.retransmits, mss_bytes=result.mss_bytes, intervals_bps=result.intervals_bps,
        congestion_control=result.congestion_control,
    )


def _too_noisy(trial: Trial) -> str | None:
    """Why a trial is not believed: what the machine did meanwhile, never what came out."""
    over = [f"{name} {trial.noise[name]:g} > {limit:g}" for name, limit in NOISE_LIMITS.items()
            if trial.noise.get(name, 0.0) > limit]
    return ", ".join(over) or None
