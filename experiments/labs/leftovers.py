"""What labs with containers would leave behind, written down before it is made.

A folder a lab below the user's state directory (XDG Base Directory Specification: ``$XDG_STATE_HOME``), with the lab's own
files and ``state.json``: which lab it is, who runs it, Docker's ids of its containers, and what else its removal needs.
``invoke clean`` removes the labs whose runner is gone, and no other.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from experiments import paths
from experiments.errors import UserError

STATE_FILE = "state.json"
_NAME = re.compile(r"pp[0-9a-f]{8}")


def root() -> Path:
    """Where labs are written down."""
    return paths.state() / "labs"


def folder(name: str) -> Path:
    """A lab's folder.

    Raises:
        ValueError: no lab of ours has such a name.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name} is not the name of a lab")
    return root() / name


def begin(name: str, lab: str) -> Path:
    """Write down that a lab (``containerlab``, ``kind``, ``cluster``) is about to be made by this process; its folder.

    Raises:
        UserError: the folder cannot be made.
    """
    place = folder(name)
    try:
        place.mkdir(parents=True)
        _write(place, {"lab": lab, "runner": os.getpid(), "started": _started(os.getpid()), "containers": []})
    except OSError as error:
        raise UserError(f"{place}: the lab could not be written down: {error.strerror}.", "Set XDG_STATE_HOME.") from None
    return place


def logs(name: str) -> Path:
    """Where the logs of a failed lab stay when the lab itself is gone."""
    return paths.state() / "logs" / folder(name).name


def record(name: str, containers: Sequence[str]) -> None:
    """Add Docker's ids of the lab's containers."""
    _write(folder(name), {**_read(folder(name)), "containers": list(containers)})


def recorded(name: str) -> list[str]:
    """Docker's ids of the lab's containers; none if it was killed before they were known."""
    found = _read(folder(name)).get("containers")
    return [str(one) for one in found] if isinstance(found, list) else []


def note(name: str, **values: str) -> None:
    """Add what the lab's removal needs to know."""
    _write(folder(name), {**_read(folder(name)), **values})


def noted(name: str, key: str) -> str:
    """What was written down under a key; empty if nothing was. ``lab`` is which lab it is."""
    found = _read(folder(name)).get(key)
    return found if isinstance(found, str) else ""


def end(name: str) -> None:
    """Forget a lab of which nothing is left."""
    shutil.rmtree(folder(name), ignore_errors=True)


def abandoned() -> list[str]:
    """The labs whose runner is gone."""
    if not root().is_dir():
        return []
    names = sorted(path.name for path in root().iterdir() if path.is_dir() and _NAME.fullmatch(path.name))
    return [name for name in names if not _runs(_read(folder(name)))]


def _runs(state: dict[str, object]) -> bool:
    runner = state.get("runner")
    return isinstance(runner, int) and state.get("started") == _started(runner) != ""


def _started(pid: int) -> str:
    """When a process began, in clock ticks after boot: with its id that is nobody else (proc(5), field 22 of stat)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    state, *rest = text.rpartition(")")[2].split()
    # One that has ended, and that nobody has asked for yet, does not run.
    return "" if state in "ZX" else rest[18]


def _write(place: Path, state: dict[str, object]) -> None:
    beside = place / f".{STATE_FILE}.tmp"
    with beside.open("w") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(place / STATE_FILE)


def _read(place: Path) -> dict[str, object]:
    try:
        found = json.loads((place / STATE_FILE).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
