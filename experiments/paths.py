"""Where things are: the checkout, its folders, the user's folders (XDG Base Directory Specification), and programs.

A login shell of Debian gives an ordinary user a PATH without ``/usr/sbin``, where ``sysctl``, ``ethtool`` and ``bird`` lie
(/etc/login.defs, ENV_PATH). They need no root inside a user namespace; so the system's folders are always looked into, after
those of the person's own PATH.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
MODES = PACKAGE / "modes"
DATA = ROOT / "data"
# Debian's PATH of root (/etc/login.defs, ENV_SUPATH); other distributions have the same folders or links to them.
PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def program_path() -> str:
    """The person's own PATH, then the system's folders that it lacks."""
    own = [folder for folder in os.environ.get("PATH", "").split(":") if folder]
    return ":".join(dict.fromkeys([*own, *PROGRAM_PATH.split(":")]))


def environment(**more: str) -> dict[str, str]:
    """The environment for a command: this program's own, the folders of :func:`program_path`, and ``more``."""
    return {**os.environ, "PATH": program_path(), **more}


def find(program: str) -> str | None:
    """Where a program is; None if it is not installed."""
    return shutil.which(program, path=program_path())


def part(program: str | Path, name: str) -> Path | None:
    """A file or folder that came with a program: in its folder, or below one of the two above, as in ROOT/usr/bin."""
    folder = Path(program).absolute().parent
    return next((found for found in (above / name for above in (folder, *list(folder.parents)[:2])) if found.exists()), None)


def cache() -> Path:
    """What can be fetched or made again."""
    return _base("XDG_CACHE_HOME", ".cache") / "podpath"


def state() -> Path:
    """What must survive this program, and is of no use to another machine."""
    return _base("XDG_STATE_HOME", ".local/state") / "podpath"


def _base(variable: str, usual: str) -> Path:
    """The specification has a relative value ignored."""
    named = os.environ.get(variable, "")
    return Path(named) if named.startswith("/") else home() / usual


def home() -> Path:
    """The user's home; for one who has none (no HOME, and no account), the place that Debian calls so, which does not exist."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/nonexistent")


def shown(path: Path) -> str:
    """A path as it may stand in a result: below the home folder without the user's name, elsewhere by its last part."""
    absolute = path.absolute()
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        named = os.environ.get(variable, "")
        if named.startswith("/") and absolute.is_relative_to(named):
            return f"${variable}/{absolute.relative_to(named)}"
    if absolute.is_relative_to(home()):
        return f"~/{absolute.relative_to(home())}"
    return path.name
