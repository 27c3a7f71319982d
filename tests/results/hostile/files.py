"""Files, folders and names that do not belong into a campaign or into data/."""

from __future__ import annotations

from hostile.submission import Case

CASES = (
    Case("a page in the campaign's folder", "does not belong here", lambda s: s.put("evil.html")),
)
