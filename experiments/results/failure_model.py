"""What was broken, and what came of it. The object in a file of data/failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from experiments.evidence import Check, Packet
from experiments.field import CAMPAIGN, NAME, SHA256, TIME, Field
from experiments.results.model import Generator
from experiments.variant import KERNELS

Event = Literal["cut", "silent", "mtu", "daemon"]
_CLOCK = "clock of the program"
NODES = 3
POD = rf"^pod[1-{NODES}]$"
MOST_WATCH_S = 3600  # what `invoke fail --watch` takes at most; whoever notices at all does so within 240 s
LONGEST_S = MOST_WATCH_S + 60.0  # the round of pings that has begun is ended
HEAL_S = 40.0  # at most, from the healing until the direct way is used again: BGP's sessions wait up to 30 s


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two pods, one of which pinged the other from the event on."""

    source: Annotated[str, Field("The pod that pinged.", "the program", pattern=POD)]
    target: Annotated[str, Field("The pod that was pinged.", "the program", pattern=POD)]
    packet_bytes: Annotated[int | None, Field(
        "Size of the pings' packets, sent with DF; absent where they are small.", "ping -M do -s", "bytes", minimum=28,
        maximum=65535)] = None
    pings: Annotated[int, Field("Pings that were sent.", "ping", minimum=1)]
    lost: Annotated[int, Field("Those without an answer.", "ping", minimum=0)]
    first_lost_s: Annotated[float | None, Field(
        "From the event until the first ping that was lost; absent where none was.", _CLOCK, "s", minimum=0, maximum=LONGEST_S,
        digits=1)] = None
    connected_again_s: Annotated[float | None, Field(
        "From the event until the first of those answers after which none was missing; absent where none was lost, or where "
        "the last was.", _CLOCK, "s", minimum=0, maximum=LONGEST_S, digits=1)] = None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a table or a daemon of the first node said, from a moment on."""

    at_s: Annotated[float, Field("Since when, from the event.", _CLOCK, "s", minimum=0, maximum=LONGEST_S, digits=1)]
    says: Annotated[str, Field("What it said.", "ip route get, or the relay's statistics")]


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a ping of the first pod reached the last one."""

    when: Annotated[Literal["before", "during", "after"], Field(
        "Before the event, during it, after its healing.", "the program")]
    way: Annotated[Literal["direct", "by node2", "none"], Field("By what left node1 and node2.", "captures")]


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One mode on three nodes, to which one thing was done."""

    mode: Annotated[str, Field("The mode.", "command line", pattern=NAME)]
    event: Annotated[Event, Field(
        "cut: node1 and node3 no longer reach each other, both reach node2. silent: nobody reaches node3. mtu: the "
        "segment passes no more than 1400 bytes to node3 and from it. daemon: the mode's process on node3 was killed.",
        "command line")]
    kernel: Annotated[str, Field("On whose kernel.", "command line", allowed=tuple(KERNELS))]
    nodes: Annotated[int, Field("Nodes.", "the program", minimum=NODES, maximum=NODES)]
    status: Annotated[Literal["ok", "failed", "not-run"], Field("Whether it could be done.", "the program")]
    reason: Annotated[str | None, Field("Why not.", "the program")] = None
    implementation: Annotated[Mapping[str, str], Field("What really ran.", "the programs themselves")] = field(
        default_factory=dict)
    watched_s: Annotated[float | None, Field("How long the pods were watched.", _CLOCK, "s", minimum=0.5, maximum=LONGEST_S,
                                                 digits=1)] = None
    pairs: Annotated[tuple[Pair, ...], Field("What the pods saw.", "ping")] = ()
    tables: Annotated[tuple[Seen, ...], Field("What the first node thought of the way to the last, whenever it changed.",
                                              "ip route get, or the relay's statistics")] = ()
    healed_s: Annotated[float | None, Field(
        "From the healing until the direct way was used again; absent where nothing was healed, or not in time.",
        "ping and captures", "s", minimum=0, maximum=HEAL_S, digits=1)] = None
    ways: Annotated[tuple[Way, ...], Field("Which way pings took, when.", "captures")] = ()
    checks: Annotated[tuple[Check, ...], Field("What the mode promises of that, and what was seen.", "captures")] = ()
    packets: Annotated[tuple[Packet, ...], Field(
        "What left node1 before; what left node1, and node2, during it.", "captures")] = ()


@dataclass(frozen=True, kw_only=True)
class Failures:
    """One machine: what was broken there. The object that a file of data/failures holds."""

    schema: Annotated[str, Field("Format and version of this file.", "store", allowed=("podpath/failures/1",))]
    id: Annotated[str, Field("Date and host: the name of the file.", "store", pattern=CAMPAIGN)]
    started_at: Annotated[str, Field("When it began, UTC.", "clock", pattern=TIME)]
    finished_at: Annotated[str | None, Field("When the last was stored, UTC.", "clock", pattern=TIME)] = None
    generator: Annotated[Generator, Field("Which Podpath wrote this.", "git")]
    host: Annotated[Mapping[str, Any], Field("The machine.", "/proc, /sys, lscpu")]
    software: Annotated[Mapping[str, Any], Field("The tools, with versions.", "the tools themselves")] = field(
        default_factory=dict)
    incidents: Annotated[tuple[Incident, ...], Field("Everything that was done, in the order in which it ended.",
                                                     "the program")] = ()
    digest: Annotated[str, Field(
        "SHA-256 over all other fields; shows an edit by hand.", "store", pattern=SHA256,
        required=True)] = field(default="", compare=False)
