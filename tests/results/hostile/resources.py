"""Files that are meant to take more time or memory than a check may."""

from __future__ import annotations

from hostile.submission import Case

CASES = (
    Case("a raw output that unpacks to 2 MiB", "unpacks to more than 1024 KiB",
         lambda s: s.set_raw(s.trial(), b" " * 2 * 1024 * 1024)),
)
