"""What was observed: checks, captured packets, and the transcript of what was typed. Immutable values, spoken by all layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One observation that attests (or refutes) that a mode is in force."""

    check: str  # short stable name: "route.device"
    expected: str
    observed: str
    ok: bool
    evidence: str  # the command that showed it
    at: str = ""  # node1, pod2, …


@dataclass(frozen=True)
class TranscriptStep:
    """A command that was typed, and what it printed (shortened by the writer, never changed)."""

    phase: str  # up | build | attest | measure
    at: str
    command: str
    output: str = ""
    exit_code: int = 0


@dataclass(frozen=True)
class Header:
    """One header of a captured packet, outermost first."""

    layer: str  # ethernet | ipv4 | udp | vxlan | sleeve | tcp | …
    offset_bytes: int
    length_bytes: int
    fields: Mapping[str, str | int | bool]


@dataclass(frozen=True)
class Packet:
    """A full-size packet as the experiment captured it on the underlay."""

    at: str
    frame_bytes: int
    headers: tuple[Header, ...]
    hex: str  # the first bytes of the frame: all headers, at most 160 bytes
