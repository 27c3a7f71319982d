"""The values a campaign consists of, as immutable objects.

``experiments.results.fields`` says of every field what it means, in which unit and of which type it is, and where it
comes from; the JSON Schema, the validator, the tables' headers and the reference page are all made from there.
Units are in the names (``_bps`` bits per second, ``_bytes``, ``_s`` seconds, ``_us`` microseconds, ``_ratio``).
What could not be had is ``None`` (left out of the file) and never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from experiments.evidence import Check, Packet, TranscriptStep
from experiments.variant import Variant

Status = Literal["ok", "failed", "discarded", "not-run"]


@dataclass(frozen=True)
class Trial:
    """One timed measurement inside a deployment."""

    id: str  # "calico-bgp-1-speed-1"; names the raw file too
    view: str  # wire | link | speed | cost | latency
    path: str  # pod-pod | host-host (the baseline)
    status: Status
    reason: str | None = None  # required unless ok
    phase: str | None = None  # baseline before | trial | baseline after  ->  "before" | "during" | "after"
    started_at: str | None = None  # RFC 3339, UTC
    streams: int | None = None
    mss: str | None = None  # native | equal | small
    mss_bytes: int | None = None
    duration_s: float | None = None
    congestion_control: str | None = None
    # wire
    payload_bytes: int | None = None
    underlay_tx_bytes: int | None = None
    underlay_tx_packets: int | None = None
    wire_efficiency_ratio: float | None = None
    wire_goodput_bps: float | None = None  # the ratio as bits per second of a 1 Gbit/s Ethernet
    # link, speed
    link_rate_bps: int | None = None
    offered_bps: int | None = None
    goodput_bps: float | None = None
    sent_bps: float | None = None
    retransmits: int | None = None
    intervals_bps: tuple[float, ...] | None = None
    # cost
    cpu_core_s: float | None = None
    softirq_core_s: float | None = None
    steal_core_s: float | None = None
    daemon_core_s: float | None = None
    core_s_per_gbit: float | None = None
    context_switches_per_packet: float | None = None
    # latency
    samples: int | None = None
    load_ratio: float | None = None
    p50_us: float | None = None
    p90_us: float | None = None
    p99_us: float | None = None
    p999_us: float | None = None
    max_us: float | None = None
    floor_p50_us: float | None = None
    # what judged the trial: covariates of noise, never the outcome
    noise: Mapping[str, float] = field(default_factory=dict)
    limited_by: str | None = None  # link | cpu | unknown
    raw: Mapping[str, str] | None = None  # {"path": "raw/<id>.json.gz", "sha256": …, "tool": "iperf3 3.12"}


@dataclass(frozen=True)
class Deployment:
    """One fresh build of a mode in a lab: the unit of replication."""

    n: int
    status: Status
    reason: str | None = None
    started_at: str | None = None
    up_s: float | None = None
    build_s: float | None = None
    ready_s: float | None = None  # from the last build command to data-plane ready
    attest_s: float | None = None
    down_s: float | None = None
    drift_ratio: float | None = None  # |before - after| / mean of the two baselines
    repeated_drift_ratio: float | None = None  # of the first attempt, where there was one
    attestation_before: tuple[Check, ...] = ()
    attestation_after: tuple[Check, ...] = ()
    trials: tuple[Trial, ...] = ()  # baseline trials (path host-host) among them
    packet: Packet | None = None


@dataclass(frozen=True)
class ModeResult:
    """One mode, one lab, one kernel, one implementation in one campaign: a file of its own."""

    schema: str
    campaign: str
    mode: str
    lab: str
    kernel: str  # host | uml
    implementation: Mapping[str, str]  # {"bird": "BIRD 2.0.12", "data plane": "Linux 6.18 vxlan", …}
    deployments: tuple[Deployment, ...]
    transcript: tuple[TranscriptStep, ...]  # of the first deployment
    summary: Mapping[str, Any] = field(default_factory=dict)  # derived; recomputed by `validate`
    caveats: tuple[str, ...] = ()
    daemon: str | None = None  # upstream, where upstream's own daemon ran in place of ours
    digest: str = field(default="", compare=False)  # over all else; put there by the store

    @property
    def variant(self) -> Variant:
        """What tells it from the campaign's other results."""
        return Variant(self.mode, self.lab, self.kernel, self.daemon or "")


@dataclass(frozen=True)
class Campaign:
    """One host, one seed, one plan: the unit of contribution."""

    schema: str
    id: str
    status: Literal["complete", "partial", "aborted"]
    purpose: Literal["reference", "contribution", "experiment"]
    started_at: str
    finished_at: str | None
    generator: Mapping[str, Any]
    protocol: Mapping[str, Any]  # id, profile, deployments, trial_s, omit_s, order, seed …
    host: Mapping[str, Any]
    network: Mapping[str, Any]
    software: Mapping[str, Any]
    plan: tuple[Mapping[str, Any], ...] = ()  # cells in order, each with its state
    noise_floor: Mapping[str, Any] = field(default_factory=dict)
    digest: str = field(default="", compare=False)  # over all else; put there by the store
