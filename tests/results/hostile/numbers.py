"""Numbers that no machine gave, or that say other things than the tool's own output."""

from __future__ import annotations

from hostile.submission import Case

CASES = (
    Case("goodput beside another raw output", "the tool's own output says",
         lambda s: s.trial().update(goodput_bps=s.trial()["goodput_bps"] + 1)),
)
