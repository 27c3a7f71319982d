"""What a pull request with results may change: it adds one new folder of data/campaigns, and touches nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from experiments.errors import UserError
from experiments.results.checks.report import Message
from experiments.results.git import blob, git

CAMPAIGNS = "data/campaigns"
RULE = "a pull request with results adds one new folder of data/campaigns and touches nothing else"
FILE = "100644"  # git's mode of a plain file; others are links, programs, submodules
# More than the largest campaign that is there has, by far; what is beyond is not even written to the disk.
MOST_FILES, MOST_BYTES = 5_000, 64_000_000
_WORDS = {"D": "was removed", "T": "has become another kind of file", "O": "was added to a campaign that is older"}


@dataclass(frozen=True)
class Change:
    """A file that differs between two commits."""

    status: str  # as git has it: A, M, D, T; and O, an addition to a campaign that is older
    mode: str
    blob: str
    name: str

    @property
    def folder(self) -> str:
        """The campaign's folder that the file is in; empty for what is in none."""
        parts = PurePosixPath(self.name).parts
        return "/".join(parts[:3]) if self.name.startswith(f"{CAMPAIGNS}/") and len(parts) > 3 else ""


def changes(base: str, inside: Path, head: str = "") -> tuple[Path, list[Change]]:
    """The checkout's root, and what differs since the last common ancestor of ``base`` and ``head``.

    ``inside`` is a path in the checkout. Without a ``head`` compared is the checkout itself, with the campaigns' files that
    git does not know yet.
    By the common ancestor, what others have added to ``base`` meanwhile is not missed here.

    Raises:
        UserError: this is no git checkout, or git does not know a revision.
    """
    place = inside if inside.is_dir() else inside.parent
    root = Path(_asked(place, base, "rev-parse", "--show-toplevel"))
    ends = [_asked(root, revision, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
            for revision in (base, head or "HEAD")]
    common = _asked(root, base, "merge-base", *ends)
    listed = _asked(root, base, "diff", "--raw", "--no-abbrev", "--no-renames", "-z", common, *(ends[1:] if head else ()), "--")
    parts = listed.rstrip("\0").split("\0") if listed else []
    found = []
    for about, name in zip(parts[::2], parts[1::2], strict=True):
        _, mode, _, stored, status = about.split()
        found.append(Change(status[0], mode, stored, name))
    if not head:  # what git does not know yet would be missed until it is committed
        new = _asked(root, base, "ls-files", "--others", "-z", "--", CAMPAIGNS).rstrip("\0").split("\0")
        found += [Change("A", FILE, "", name) for name in new if name]
    older = set(_asked(root, base, "ls-tree", "-d", "--name-only", "-z", common, f"{CAMPAIGNS}/").split("\0")) - {""}
    return root, [replace(one, status="O") if one.status == "A" and one.folder in older else one for one in found]


def _asked(place: Path, revision: str, *arguments: str) -> str:
    return git(place, *arguments, refused=f"git cannot compare with '{revision}'", advice="Give a commit, a tag or a branch.",
               silent="it does not know that revision")


def broken(root: Path, found: list[Change], base: str) -> Iterator[Message]:
    """A message for each change that breaks the rule; changes without results are none of its business."""
    for change in found:
        if change.name.startswith(f"{CAMPAIGNS}/") and change.status != "A":
            what = _WORDS.get(change.status, "was changed")
            yield Message(root / _shown(change.name), 0, "", "", f"{what} since {base}; campaigns are only added.")
    touched = [change for change in found if change.name.startswith(f"{CAMPAIGNS}/")]
    if not touched:
        return
    folders = list(dict.fromkeys(change.folder for change in touched if change.folder))
    for folder in folders if len(folders) > 1 else ():
        yield Message(root / _shown(folder), 0, "", "", f"is one of {len(folders)} folders; {RULE}.")
    for change in found:
        if not change.folder:
            yield Message(root / _shown(change.name), 0, "", "", f"does not belong in it; {RULE}.")
        elif change.status != "D" and change.mode != FILE:
            yield Message(root / _shown(change.name), 0, "", "", f"is no plain file (git's mode is {change.mode}).")


def relative(message: Message, place: Path) -> Message:
    """The message with its file as the repository has it, if it lies below ``place``."""
    return replace(message, file=message.file.relative_to(place)) if message.file.is_relative_to(place) else message


def _shown(name: str) -> str:
    """A name as a line of a log may hold it."""
    return name if name.isprintable() else ascii(name)


def extract(root: Path, found: list[Change], into: Path) -> None:
    """Write the added files below ``into``, byte by byte as git has them: nothing that came with them has a say in it.

    Raises:
        UserError: they are too many or too large, or a name leads elsewhere; nothing is written then.
    """
    listed = "".join(f"{change.blob}\n" for change in found)
    answered = git(root, "cat-file", "--batch-check", refused="git cannot tell how large the files are", given=listed)
    sizes = [int(line.split()[-1]) if line.split()[-1].isdigit() else 0 for line in answered.splitlines()]
    if len(found) > MOST_FILES or sum(sizes) > MOST_BYTES:
        raise UserError(f"{len(found)} files with {sum(sizes)} bytes are not looked at.",
                        f"A campaign has at most {MOST_FILES} files with {MOST_BYTES} bytes.")
    for change in found:
        parts = PurePosixPath(change.name).parts
        if not change.folder or {"..", ".git"} & set(parts) or "\\" in change.name:
            raise UserError(f"{change.name!r} is no name of a file in a campaign.", f"The rule: {RULE}.")
    for change in found:
        path = into / change.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blob(root, change.blob))
