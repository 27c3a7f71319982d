"""Which version of Podpath produced a result."""

from __future__ import annotations

import subprocess
from typing import Any

from experiments.paths import ROOT


def commit() -> dict[str, Any]:
    """The checked-out commit (40 hexadecimal digits) and whether files differ from it, or why git cannot say."""
    head = _git("rev-parse", "HEAD")
    if head is None:
        return {"commit_absent": "not a git checkout, or git is not installed"}
    # What experiments write is not part of what produced them.
    changes = _git("status", "--porcelain", "--", ".", ":!data")
    return {"commit": head, "dirty": bool(changes)}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
