"""One fresh build of a mode in a lab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from experiments.evidence import Check, Packet
from experiments.field import TIME, Field
from experiments.results.model.trial import Status, Trial


@dataclass(frozen=True)
class Deployment:
    """One fresh build of a mode in a lab: the unit of replication."""

    n: Annotated[int, Field("Which deployment of this mode in the campaign.", "campaign plan", minimum=1, header="deployment")]
    status: Annotated[Status, Field("Whether its numbers count.", "runner")]
    reason: Annotated[str | None, Field("Why they do not; there unless the status is ok.", "runner")] = None
    started_at: Annotated[str | None, Field("When the lab was begun, UTC.", "clock", pattern=TIME)] = None
    up_s: Annotated[float | None, Field(
        "Making nodes and underlay.", "clock", "s", minimum=0, better="lower", digits=3, header="lab up")] = None
    build_s: Annotated[float | None, Field(
        "Typing the mode's commands.", "clock", "s", minimum=0, better="lower", digits=3, header="build")] = None
    ready_s: Annotated[float | None, Field(
        "From the last command until packets pass between the pods.", "clock", "s", minimum=0, better="lower", digits=3,
        header="data plane ready")] = None
    attest_s: Annotated[float | None, Field(
        "Gathering the evidence, before and after.", "clock", "s", minimum=0, better="lower", digits=3, header="attest")] = None
    down_s: Annotated[float | None, Field(
        "Removing the lab.", "clock", "s", minimum=0, better="lower", digits=3, header="lab down")] = None
    drift_ratio: Annotated[float | None, Field(
        "How far the baselines before and after lie apart, over their mean.", "trials", "ratio", minimum=0, maximum=2,
        better="lower", digits=6, header="drift")] = None
    repeated_drift_ratio: Annotated[float | None, Field(
        "The drift of a first attempt, for which the deployment was made again.", "trials of that attempt", "ratio", minimum=0,
        maximum=2, better="lower", digits=6, header="first drift")] = None
    attestation_before: Annotated[tuple[Check, ...], Field(
        "Evidence before measuring that the mode is in force.", "recipe")] = ()
    attestation_after: Annotated[tuple[Check, ...], Field("Evidence after measuring that it still is.", "recipe")] = ()
    trials: Annotated[tuple[Trial, ...], Field("The measurements in order, baselines among them.", "probes")] = ()
    packet: Annotated[Packet | None, Field("A full-size packet on the underlay.", "capture on the sending node")] = None
