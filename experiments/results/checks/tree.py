"""The folder data/ holds campaigns, publications and schemas, each in its place, and nothing else."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from experiments.field import CAMPAIGN, NAME
from experiments.results import schema, standing
from experiments.results.checks.report import Message

DATA, LOCAL, CAMPAIGNS, REPORTED, SCHEMA = "data", "local", "campaigns", "reported", "schema"
GROWTH, FAILURES = DATED = "growth", "failures"
MOST_ENTRIES = 10_000  # of one folder; a repository that has more needs another layout first
_MOST_SCHEMA_BYTES = 1 << 20


def whole(data: Path) -> Iterator[Message]:
    """What is wrong with the folder data/ itself: a part that is missing, empty or of another kind, and what is strange."""
    for name in (CAMPAIGNS, REPORTED, SCHEMA):
        if not _is_folder(data / name):
            there = "is not a folder" if _exists(data / name) else "is missing"
            yield _message(data / name, f"{there}; data/ has {CAMPAIGNS}/, {REPORTED}/ and {SCHEMA}/")
    for path in _inside(data):
        if path.name not in (LOCAL, CAMPAIGNS, *DATED, REPORTED, SCHEMA, *standing.FILES):
            folders = ", ".join(f"{name}/" for name in (CAMPAIGNS, *DATED, REPORTED, SCHEMA))
            yield _message(path, f"does not belong here; data/ has nothing but {folders} and {' and '.join(standing.FILES)}")
    yield from _schemas(data / SCHEMA)
    if _is_folder(data / REPORTED) and not any(path.suffix == ".yml" for path in _inside(data / REPORTED)):
        yield _message(data / REPORTED, "is empty; what others have published is taken away by nobody")


def campaigns(folder: Path) -> Iterator[Message]:
    """What does not belong into data/campaigns: whatever is no folder, or has a name that no campaign has."""
    for path in _inside(folder):
        if path.is_symlink():
            yield _message(path, "is a symbolic link; only folders belong here")
        elif not _is_folder(path):
            yield _message(path, "does not belong here; each campaign has a folder of its own")
        elif not re.fullmatch(CAMPAIGN, path.name):
            yield _message(path, f"no campaign has such a name; allowed: folders like {CAMPAIGN}")


def publications(folder: Path) -> Iterator[Message]:
    """What does not belong into data/reported: whatever is no YAML file with a publication's name."""
    return _files(folder, NAME, "a publication is a file <id>.yml")


def dated(folder: Path) -> Iterator[Message]:
    """What does not belong into data/growth or data/failures: whatever is no YAML file with a day and a host in its name."""
    return _files(folder, CAMPAIGN, "what is stored here is a file <date>-<host>.yml")


def _files(folder: Path, pattern: str, what: str) -> Iterator[Message]:
    for path in _inside(folder):
        if not stat.S_ISREG(path.lstat().st_mode):
            yield _message(path, "is not a regular file; only files belong here")
        elif path.suffix != ".yml" or not re.fullmatch(pattern, path.stem):
            yield _message(path, f"does not belong here; {what}")


def _schemas(folder: Path) -> Iterator[Message]:
    """The schemas are made from the registry of fields, so any other text is somebody's own."""
    wanted = schema.files()
    if not _is_folder(folder):
        return
    for path in _inside(folder):
        if path.name not in wanted:
            yield _message(path, f"does not belong here; allowed: {', '.join(wanted)}")
    for name, text in wanted.items():
        path = folder / name
        if not _exists(path):
            yield _message(path, "is missing; restore it")
        elif not stat.S_ISREG(path.lstat().st_mode):
            yield _message(path, "is not a regular file; only files belong here")
        elif path.stat().st_size > _MOST_SCHEMA_BYTES or path.read_bytes() != text.encode():
            yield _message(path, "is not the schema of this version of Podpath; restore it")


def _inside(folder: Path) -> list[Path]:
    if not _is_folder(folder):
        return []
    found = []
    for path in folder.iterdir():
        found.append(path)
        if len(found) > MOST_ENTRIES:
            break
    return sorted(found)


def _is_folder(path: Path) -> bool:
    return not path.is_symlink() and path.is_dir()


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _message(path: Path, text: str) -> Message:
    return Message(path, 0, "", "", f"{text}.")
