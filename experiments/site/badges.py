"""Whose program moved the packets, in two words: beside every figure of a relay, and of a maker's own daemon.

What stands in a result's ``implementation`` may come from a stranger: it is cut short here, and escaped by the templates.
"""

from __future__ import annotations

from experiments.catalog import Mode
from experiments.labs.table import LABS
from experiments.results.model import ModeResult

OURS = "Podpath relay"  # how the recipes of our relays begin their line (experiments/dataplanes/built)
LONGEST = 28  # characters: a label's width in a drawing


def badge(mode: Mode, result: ModeResult) -> str:
    """``Podpath's relay``, ``flanneld 0.28.9``, in clusters an image, ``calico/node:v3.32.1``.

    Empty where the kernel alone moves the packets, set up by our commands.
    """
    if LABS[result.lab].makers:
        image = result.implementation.get("control plane", "").partition(",")[0]
        return _short(image if len(image) <= LONGEST else image.rpartition("/")[2]) or "a program that is not named"
    carried = result.implementation.get("data plane", "")
    if mode.relay:
        return "Podpath's relay" if carried.startswith(OURS) else _short(carried) or "a relay that is not named"
    if result.daemon:
        return _short(result.implementation.get("control plane", "")) or f"{result.daemon}'s daemon"
    return ""


def _short(text: str) -> str:
    """A program and its version: what stands before a bracket or a comma."""
    plain = text.partition(" (")[0].partition(",")[0].strip()
    return plain if len(plain) <= LONGEST else plain[:LONGEST - 1].rstrip() + "…"
