"""The answer to "why not here": one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Missing:
    """One thing that is not there: what, what for, and how to get it."""

    what: str
    why: str
    how: str
