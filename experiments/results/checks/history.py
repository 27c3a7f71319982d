"""Campaigns are only ever added: a folder of data/campaigns that a git revision holds stays as it is there."""

from __future__ import annotations

import subprocess
from pathlib import Path

from experiments.errors import UserError
from experiments.results.checks.report import Message

CAMPAIGNS = "data/campaigns"
_WORDS = {"D": "was removed", "T": "has become another kind of file", "A": "was added to a campaign that is older"}


def not_only_added(base: str, inside: Path) -> list[Message]:
    """A message for each file of data/campaigns that was changed or removed since ``base``, or added to a campaign of then.

    ``inside`` is a path in the checkout. Compared is with the last common ancestor, so that what others have added to
    ``base`` meanwhile is not missed here.

    Raises:
        UserError: this is not a git checkout, or git does not know the revision.
    """
    place = inside if inside.is_dir() else inside.parent
    root = Path(_git(place, base, "rev-parse", "--show-toplevel"))
    commit = _git(root, base, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    common = _git(root, base, "merge-base", commit, "HEAD")
    listed = _git(root, base, "diff", "--name-status", "--no-renames", "-z", common, "--", CAMPAIGNS)
    parts = listed.rstrip("\0").split("\0") if listed else []
    # Those that git does not know yet would be missed until they are committed.
    new = _git(root, base, "ls-files", "--others", "-z", "--", CAMPAIGNS).rstrip("\0").split("\0")
    there = set(_git(root, base, "ls-tree", "-d", "--name-only", "-z", common, f"{CAMPAIGNS}/").rstrip("\0").split("\0"))
    changes = [*zip(parts[::2], parts[1::2], strict=True), *(("A", name) for name in new if name)]
    return [
        Message(root / name, 0, "", "", f"{_WORDS.get(status, 'was changed')} since {base}; campaigns are only added.")
        for status, name in changes if status != "A" or "/".join(name.split("/")[:3]) in there
    ]


def _git(place: Path, base: str, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(place), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        raise UserError("git is not installed, so nothing can be compared.", "Leave --base out.") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1:] or ["it does not know that revision"]
        raise UserError(f"git cannot compare with '{base}': {said[0]}.", "Give a commit, a tag or a branch.")
    return done.stdout.strip("\n")
