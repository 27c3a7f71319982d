"""Where programs are looked for: one answer for the labs, the capsule and the preflight checks.

A login shell of Debian gives an ordinary user a PATH without ``/usr/sbin``, where ``sysctl``, ``ethtool`` and ``bird`` lie
(/etc/login.defs, ENV_PATH). They need no root inside a user namespace; so the system's folders are always looked into, after
those of the person's own PATH.
"""

from __future__ import annotations

import os
import shutil

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
