"""What a benchmark prints: a figure beside what it is compared with, and the aim."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BenchFigure:
    """One line. ``value`` and ``beside`` are ready to be shown; ``ratio`` is value over what stands beside it."""

    name: str
    value: str
    aim: str
    beside: str = ""
    ratio: float | None = None


@dataclass(frozen=True)
class NotRun:
    """A benchmark that this machine cannot run."""

    name: str
    reason: str
