"""How control planes grew with their nodes: sizes, and what each change to them cost. The object in a file of data/growth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from experiments.field import CAMPAIGN, NAME, SHA256, TIME, Field
from experiments.results.model import Generator

_CLOCK = "clock of the program in the namespaces"
# What `invoke scale --timeout` takes at most: an hour for what takes seconds. Of a time that is stored the commands before the
# waiting are a part too.
MOST_TIMEOUT_S = 3600
LONGEST_S = 2 * MOST_TIMEOUT_S
LEAST_S = 0.0001  # the smallest that is written; to start a command takes longer
MOST_BYTES = 10**12  # 200 nodes in a mesh sent 31 MB; no control plane sends a terabyte in an hour


@dataclass(frozen=True, kw_only=True)
class GrowthChange:
    """One change to a crowd that stood."""

    what: Annotated[Literal["join", "block", "leave"], Field(
        "A node more, a second block of addresses for one node, or that node less.", "the program")]
    touched: Annotated[int, Field(
        "Speakers that were started, stopped, or given a new configuration for it.", "the program", minimum=1)]
    converge_s: Annotated[float, Field(
        "From its first command until the last table had it.", _CLOCK, "s", minimum=LEAST_S, maximum=LONGEST_S, better="lower",
        digits=4)]
    underlay_bytes: Annotated[int, Field(
        "Bytes that all speakers sent meanwhile.", "counters of the devices", "bytes", minimum=1, maximum=MOST_BYTES)]


@dataclass(frozen=True, kw_only=True)
class GrowthPoint:
    """One size of one mode, built once."""

    mode: Annotated[str, Field("Whose control plane.", "command line", pattern=NAME)]
    nodes: Annotated[int, Field("Nodes.", "command line", "nodes", minimum=2)]
    n: Annotated[int, Field("Which build of this size.", "command line", minimum=1)]
    status: Annotated[Literal["ok", "failed"], Field("Whether all routes came.", "the program")]
    reason: Annotated[str | None, Field("Why it failed: what was missing.", "the program")] = None
    daemons: Annotated[int | None, Field("Speakers: nodes, and the reflectors or routers beside them.", "the program",
                                         minimum=2)] = None
    sessions: Annotated[int | None, Field(
        "BGP sessions that stood, each counted once.", "birdc show protocols", "sessions", minimum=1, better="lower")] = None
    routes: Annotated[int | None, Field(
        "BIRD's routes in the nodes' kernel tables.", "ip route show proto bird", "routes", minimum=1)] = None
    build_s: Annotated[float | None, Field(
        "From the first command until the last daemon was started.", _CLOCK, "s", minimum=LEAST_S, maximum=LONGEST_S, digits=4,
        header="build")] = None
    converge_s: Annotated[float | None, Field(
        "From then until the last route stood in the last kernel table.", _CLOCK + ", rtnetlink", "s", minimum=LEAST_S,
        maximum=LONGEST_S, better="lower", digits=4, header="last route")] = None
    cpu_s: Annotated[float | None, Field(
        "Time on a processor of all daemons together until then.", "/proc/PID/schedstat", "core·s", minimum=LEAST_S,
        better="lower", digits=4, header="processor time")] = None
    memory_bytes: Annotated[int | None, Field(
        "Resident memory of all daemons together.", "/proc/PID/status", "bytes", minimum=1, better="lower",
        header="memory")] = None
    updates: Annotated[int | None, Field(
        "Routes that had come in messages, at all speakers together.", "birdc show protocols all", "routes", minimum=1,
        better="lower")] = None
    underlay_bytes: Annotated[int | None, Field(
        "Bytes that all speakers had sent when all sessions stood.", "counters of the devices", "bytes", minimum=1,
        maximum=MOST_BYTES, better="lower", header="bytes sent")] = None
    underlay_packets: Annotated[int | None, Field(
        "The packets that they were in.", "counters of the devices", "packets", minimum=1)] = None
    changes: Annotated[tuple[GrowthChange, ...], Field("What was then changed, in this order.", "the program")] = ()


@dataclass(frozen=True, kw_only=True)
class Growth:
    """One machine, one evening: how control planes grew. The object that a file of data/growth holds."""

    schema: Annotated[str, Field("Format and version of this file.", "store", allowed=("podpath/growth/1",))]
    id: Annotated[str, Field("Date and host: the name of the file.", "store", pattern=CAMPAIGN)]
    started_at: Annotated[str, Field("When it began, UTC.", "clock", pattern=TIME)]
    finished_at: Annotated[str | None, Field("When the last size was stored, UTC.", "clock", pattern=TIME)] = None
    generator: Annotated[Generator, Field("Which Podpath wrote this.", "git")]
    host: Annotated[Mapping[str, Any], Field("The machine.", "/proc, /sys, lscpu")]
    software: Annotated[Mapping[str, Any], Field("The tools, with versions.", "the tools themselves")] = field(
        default_factory=dict)
    points: Annotated[tuple[GrowthPoint, ...], Field("Every build, in the order of the clock.", "the program")] = ()
    digest: Annotated[str, Field(
        "SHA-256 over all other fields; shows an edit by hand.", "store", pattern=SHA256,
        required=True)] = field(default="", compare=False)
