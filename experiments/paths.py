"""Where things are: the checkout, its folders, the user's folders (XDG Base Directory Specification)."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
MODES = PACKAGE / "modes"
DATA = ROOT / "data"


def cache() -> Path:
    """What can be fetched or made again."""
    return _base("XDG_CACHE_HOME", ".cache") / "podpath"


def state() -> Path:
    """What must survive this program, and is of no use to another machine."""
    return _base("XDG_STATE_HOME", ".local/state") / "podpath"


def _base(variable: str, usual: str) -> Path:
    """The specification has a relative value ignored."""
    named = os.environ.get(variable, "")
    return Path(named) if named.startswith("/") else Path.home() / usual


def shown(path: Path) -> str:
    """A path as it may stand in a result: below the home folder without the user's name, elsewhere by its last part."""
    absolute = path.absolute()
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        named = os.environ.get(variable, "")
        if named.startswith("/") and absolute.is_relative_to(named):
            return f"${variable}/{absolute.relative_to(named)}"
    if absolute.is_relative_to(Path.home()):
        return f"~/{absolute.relative_to(Path.home())}"
    return path.name
