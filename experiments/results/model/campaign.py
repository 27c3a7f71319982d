"""A campaign: what was planned, by which method, on which machine. The object that ``campaign.yml`` holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from experiments.field import CAMPAIGN, NAME, SHA256, TIME, Field
from experiments.labs.table import LABS
from experiments.variant import KERNELS, Variant

Purpose = Literal["reference", "contribution", "experiment"]
State = Literal["planned", "done", "failed", "discarded", "not-run"]


class Generator(TypedDict):
    """Which Podpath wrote a campaign."""

    version: Annotated[str, Field("Version of Podpath.", "package")]
    commit: NotRequired[Annotated[str, Field("Commit of the checkout.", "git rev-parse HEAD", pattern=r"^[0-9a-f]{40}$")]]
    commit_absent: NotRequired[Annotated[str, Field("Why there is no commit.", "git")]]
    dirty: NotRequired[Annotated[bool, Field("Whether files differed from the commit.", "git status")]]
    command: NotRequired[Annotated[list[str], Field("What was typed.", "command line")]]


class Protocol(TypedDict):
    """The numbers of the method as a campaign keeps them. A file may have more of them than these."""

    id: Annotated[str, Field(
        "Name under which the numbers are frozen; results of different ids are never pooled.",
        "experiments/measure/protocol.py", pattern=NAME)]
    profile: Annotated[str, Field("How thorough.", "command line")]
    deployments: Annotated[int, Field("Fresh builds of each mode: the number of replicates.", "profile", minimum=1)]
    trial_s: NotRequired[Annotated[float, Field("Length of a timed trial.", "profile", "s", minimum=0)]]
    omit_s: NotRequired[Annotated[float, Field(
        "Seconds at the beginning that are not used (slow start).", "profile", "s", minimum=0)]]
    cost_s: NotRequired[Annotated[float, Field("Length of a trial of the cost view.", "profile", "s", minimum=0)]]
    wire_bytes: NotRequired[Annotated[int, Field("Payload of a wire trial.", "profile", "bytes", minimum=1)]]
    latency_samples: NotRequired[Annotated[int, Field("Round trips of a latency trial, at least.", "profile", minimum=1)]]
    slice_core_s: NotRequired[Annotated[float, Field(
        "Length of a slice, in time of the processor.", "profile", "core·s", minimum=0)]]
    pairs_least: NotRequired[Annotated[int, Field("Pairs of slices, at least.", "profile", minimum=1)]]
    pairs_most: NotRequired[Annotated[int, Field("Pairs of slices, at most.", "profile", minimum=1)]]
    pair_ratio_width: NotRequired[Annotated[float, Field(
        "How wide the interval of a ratio may be when no further pairs are made: upper end over lower end, less 1.", "profile",
        "ratio", minimum=0)]]
    run_s: NotRequired[Annotated[float, Field(
        "Length of a run of iperf3 where slices are not possible.", "profile", "s", minimum=0)]]
    burst_bytes: NotRequired[Annotated[int, Field("What goes ahead of a request.", "profile", "bytes", minimum=1)]]
    datagram_window: NotRequired[Annotated[int, Field("Datagrams that are sent before they are read.", "profile", minimum=1)]]
    stream_window_bytes: NotRequired[Annotated[int, Field(
        "What a TCP receiver in slices offers at most.", "profile", "bytes", minimum=1)]]
    views: NotRequired[Annotated[list[str], Field("What is looked at, in this order.", "profile")]]
    order: NotRequired[Annotated[str, Field("How the plan was ordered.", "campaign")]]
    seed: Annotated[int, Field("What the order was drawn from.", "command line")]
    offered_bps: NotRequired[Annotated[int, Field(
        "Load of the cost view, equal for all modes.", "profile", "bit/s", minimum=1)]]
    equal_mss_bytes: NotRequired[Annotated[int, Field("Segment size that all modes can carry.", "profile", "bytes", minimum=1)]]
    congestion_control: NotRequired[Annotated[str, Field("TCP congestion control that was asked for.", "profile")]]
    nodes: NotRequired[Annotated[int, Field("Nodes in the lab.", "command line", minimum=2)]]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One deployment of the plan: what is built, and how far it got."""

    n: Annotated[int, Field("Which deployment of the variant: the block.", "seed", minimum=1)]
    mode: Annotated[str, Field("The mode.", "command line", pattern=NAME)]
    lab: Annotated[str, Field("Where it is built.", "command line", allowed=tuple(LABS))]
    kernel: Annotated[str, Field("On whose kernel.", "command line", allowed=tuple(KERNELS))]
    daemon: Annotated[str | None, Field("By whose daemon, if not by ours.", "command line", allowed=("upstream",))] = None
    state: Annotated[State, Field("How far it got.", "runner")]
    reason: Annotated[str | None, Field("Why it was not done.", "runner")] = None

    @classmethod
    def planned(cls, n: int, variant: Variant) -> Cell:
        """Return the cell of a variant's deployment number ``n``, which is still to be measured."""
        return cls(n=n, mode=variant.mode, lab=variant.lab, kernel=variant.kernel, daemon=variant.daemon or None,
                   state="planned")

    @property
    def variant(self) -> Variant:
        """Whose deployment it is: a mode's file holds the one of the same variant."""
        return Variant(self.mode, self.lab, self.kernel, self.daemon or "")


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One host, one seed, one plan: the unit of contribution."""

    schema: Annotated[str, Field("Format and version of this file.", "store", allowed=("podpath/campaign/1",))]
    id: Annotated[str, Field("Date and host: the name of the folder.", "store", pattern=CAMPAIGN)]
    status: Annotated[Literal["complete", "partial", "aborted"], Field(
        "Whether all of the plan was carried out; aborted: it was, and then `validate` refused it.", "runner")]
    purpose: Annotated[Purpose, Field(
        "What it is for; a reference carries the site's headline figures.", "command line")]
    started_at: Annotated[str, Field("When it began, UTC.", "clock", pattern=TIME)]
    finished_at: Annotated[str | None, Field("When the last deployment was stored, UTC.", "clock", pattern=TIME)] = None
    generator: Annotated[Generator, Field("Which Podpath wrote this.", "git")]
    protocol: Annotated[Protocol, Field(
        "The numbers of the method, frozen under an id.", "experiments/measure/protocol.py")]
    host: Annotated[Mapping[str, Any], Field(
        "The machine. What could not be had is absent, with a reason beside it.", "/proc, /sys, lscpu")]
    network: Annotated[Mapping[str, Any], Field(
        "The underlay, its devices, the TCP settings.", "ip, ethtool, sysctl")] = field(default_factory=dict)
    software: Annotated[Mapping[str, Any], Field(
        "The tools, with versions.", "the tools themselves")] = field(default_factory=dict)
    plan: Annotated[tuple[Cell, ...], Field(
        "The deployments in the order of the seed, each with its state.", "seed")] = ()
    noise_floor: Annotated[Mapping[str, Any], Field(
        "How far the baseline is from itself; derived, `validate` computes it again.", "summary")] = field(default_factory=dict)
    # put there by the store
    digest: Annotated[str, Field(
        "SHA-256 over all other fields; shows an edit by hand.", "store", pattern=SHA256,
        required=True)] = field(default="", compare=False)
