"""Shared by tests: which modes this machine's kernel can carry, and what a runner has left running."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from experiments import catalog
from experiments.errors import UserError
from experiments.labs.readiness import choose, readiness
from experiments.machine import Machine, look


@cache
def here() -> Machine:
    """This machine, which no test changes."""
    return look()


def why_not_on_the_host(mode: str) -> str:
    """Why a mode cannot be built on the host's kernel here; empty if it can."""
    missing = [m for r in readiness(mode, here()) if (r.lab, r.kernel) == ("netns", "host") for m in r.missing]
    return "; ".join(f"{m.what}: {m.how}" for m in missing)


def why_not_by_upstream(mode: str, kernel: str = "host") -> str:
    """Why upstream's daemon of a mode cannot be run in the embedded lab here; empty if it can."""
    try:
        choose(catalog.get(mode), here(), "netns", kernel, forced=True, daemon="upstream")
    except UserError as refusal:
        return str(refusal)
    return ""


def descended_from(mark: str) -> list[str]:
    """Processes that inherited a runner's environment; other labs on this machine are none of our business."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"PODPATH_TEST={mark}\0".encode() in path.read_bytes():
                found.append((path.parent / "cmdline").read_text())
        except OSError:
            continue
    return found
