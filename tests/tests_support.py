"""Shared by tests: which modes this machine's kernel can carry."""

from __future__ import annotations

from experiments.preflight import readiness


def why_not_on_the_host(mode: str) -> str:
    """Why a mode cannot be built on the host's kernel here; empty if it can."""
    missing = [m for r in readiness(mode) if (r.lab, r.kernel) == ("netns", "host") for m in r.missing]
    return "; ".join(f"{m.what}: {m.how}" for m in missing)
