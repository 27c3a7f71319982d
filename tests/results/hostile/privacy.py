"""Texts that tell who somebody is or where, and characters that no text needs."""

from __future__ import annotations

from hostile.submission import Case

CASES = (
    Case("a public address", "a public address (93.184.216.34)",
         lambda s: s.mode["implementation"].update({"data plane": "93.184.216.34"})),
)
