"""A mode's header stack as a readable text, kept beside the mode: a change of any byte is seen when it is reviewed."""

from __future__ import annotations

from pathlib import Path

from experiments.catalog import limits
from experiments.catalog.model import Mode
from experiments.paths import MODES

FILE = "stack.txt"


def told(mode: Mode) -> str:
    """MTU, overhead, TTL and limit of a mode in a line, then a line for each header of a full-size packet."""
    limit = limits.goodput_limit_bps(mode) / 1e6
    lines = [f"{mode.name}: MTU {mode.mtu.pod_bytes}, overhead {mode.overhead_bytes}, TTL at the pod {mode.ttl_at_pod}, "
             f"{limit:.1f} of 1000 Mbit/s"]
    offset = 0
    for header in mode.headers:
        fields = " ".join(f"{name}={value}" for name, value in header.fields.items())
        lines.append(f"  {offset:3} {header.layer:8} {header.bytes:2}  {fields}".rstrip())
        offset += header.bytes
    return "\n".join(lines) + "\n"


def path(mode: Mode) -> Path:
    """Where the text is kept: in the mode's folder, that of a variant beside the variant's file."""
    if not mode.variant_of:
        return MODES / mode.name / FILE
    return MODES / mode.variant_of / "variants" / f"{mode.name.removeprefix(mode.variant_of + '-')}.{FILE}"
