"""What iperf3 says of its own beginning: when, on which kernel, between which addresses, and what it was asked for.

A figure belongs to a trial only where this fits the trial. Pure.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from experiments.probes.errors import ProbeError

# uname: system, the machine's name (taken out), release
_RELEASE = re.compile(r"Linux \S{1,64} (\S{1,64}) ")


@dataclass(frozen=True)
class Start:
    """The block ``start`` of an output. What is absent there is None, or empty."""

    release: str  # of the kernel it ran on
    began_s: float | None  # since 1970, UTC
    client: str  # address
    server: str
    cookie: str  # drawn anew by each run
    streams: int | None
    seconds: float | None
    omitted_s: float | None
    size_bytes: float | None
    offered_bps: float | None


def read(text: str) -> Start:
    """The beginning of an output that :func:`experiments.probes.iperf3.parse` takes.

    Raises:
        ProbeError: it is not JSON.
    """
    brace = text.find("{")
    try:
        answer, _ = json.JSONDecoder().raw_decode(text[max(brace, 0):])
    except (ValueError, RecursionError):
        raise ProbeError("iperf3's output is not JSON.") from None
    start = _of(answer, "start")
    asked, time = _of(start, "test_start"), _of(start, "timestamp")
    connected = start.get("connected")
    first = connected[0] if isinstance(connected, list) and connected and isinstance(connected[0], dict) else {}
    release = _RELEASE.match(str(start.get("system_info", "")))
    streams = _number(asked.get("num_streams"))
    return Start(
        release=release[1] if release else "", began_s=_number(time.get("timesecs")),
        client=str(first.get("local_host", "")), server=str(first.get("remote_host", "")), cookie=str(start.get("cookie", "")),
        streams=None if streams is None else int(streams), seconds=_number(asked.get("duration")),
        omitted_s=_number(asked.get("omit")), size_bytes=_number(asked.get("bytes")),
        offered_bps=_number(asked.get("target_bitrate", start.get("target_bitrate"))),
    )


def _of(answer: Any, key: str) -> dict[str, Any]:
    value = answer.get(key) if isinstance(answer, dict) else None
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18 else None
