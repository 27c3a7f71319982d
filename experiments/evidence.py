"""What was observed: checks, captured packets, and the transcript of what was typed. Immutable values, spoken by all layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from experiments.field import Field


@dataclass(frozen=True)
class Check:
    """One observation that attests (or refutes) that a mode is in force."""

    # short and stable: route.device
    check: Annotated[str, Field("What was looked at.", "recipe")]
    expected: Annotated[str, Field("What the mode promises.", "mode.yml")]
    observed: Annotated[str, Field("What was seen.", "the command in `evidence`")]
    ok: Annotated[bool, Field("Whether the two agree.", "recipe")]
    evidence: Annotated[str, Field("The command that showed it.", "recipe")]
    at: Annotated[str, Field("The node or pod where it was typed.", "recipe")] = ""


@dataclass(frozen=True)
class TranscriptStep:
    """A command that was typed, and what it printed (shortened by the writer, never changed)."""

    phase: Annotated[str, Field(
        "Part of the deployment.", "runner", allowed=("up", "build", "ready", "attest", "measure", "down"))]
    at: Annotated[str, Field("The node or pod where it was typed; empty for the lab itself.", "lab")]
    command: Annotated[str, Field("What was typed.", "lab")]
    output: Annotated[str, Field(
        "What it printed, as a terminal shows it; long outputs are shortened in the middle.", "lab")] = ""
    exit_code: Annotated[int, Field("How it ended; left out if 0.", "lab", minimum=-128, maximum=255)] = 0


@dataclass(frozen=True)
class Header:
    """One header of a captured packet, outermost first."""

    # ethernet, ipv4, udp, vxlan, sleeve, tcp, …
    layer: Annotated[str, Field("Protocol of the header.", "decoder")]
    offset_bytes: Annotated[int, Field(
        "Where it begins in the frame.", "decoder", "bytes", minimum=0, maximum=65535, header="offset")]
    length_bytes: Annotated[int, Field("How long it is.", "decoder", "bytes", minimum=0, maximum=65535, header="length")]
    fields: Annotated[Mapping[str, str | int | bool], Field(
        "What stands in it, by the names that mode.yml uses.", "decoder")] = field(default_factory=dict)


@dataclass(frozen=True)
class Packet:
    """A full-size packet as the experiment captured it on the underlay."""

    at: Annotated[str, Field("Where it was captured.", "tcpdump")]
    frame_bytes: Annotated[int, Field(
        "Length of the frame, without its check sequence.", "tcpdump", "bytes", minimum=14, maximum=65535 + 14, header="frame")]
    headers: Annotated[tuple[Header, ...], Field("Its headers, outermost first.", "decoder")] = ()
    hex: Annotated[str, Field(
        "The first bytes of the frame: all headers, at most 160 bytes.", "tcpdump",
        pattern=r"^([0-9a-f]{2}){0,160}$")] = field(kw_only=True)
