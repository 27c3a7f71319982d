"""git, asked about the checkout: its words are data, and what it refuses is a message."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from experiments.errors import UserError


def git(
    place: Path, *arguments: str, refused: str, advice: str = "", given: str = "", settings: Mapping[str, str] | None = None,
    silent: str = "it does not say why",
) -> str:
    """What git answers in ``place``, without the last line's end.

    ``given`` is what it reads, ``settings`` are more variables of its environment. Bytes that are no UTF-8 stay what they are.

    Raises:
        UserError: git is not there or refuses: ``refused`` says what cannot be done then, ``advice`` what to do, ``silent``
            why, where git itself says nothing.
    """
    try:
        done = subprocess.run(["git", "-C", str(place), *arguments], capture_output=True, check=False,
                              input=os.fsencode(given), env={**os.environ, **(settings or {})})
    except OSError:
        raise UserError(f"{refused}: git is not installed.", advice or "Install git.") from None
    said = os.fsdecode(done.stderr).strip().splitlines()[-1:] or [silent]
    if done.returncode != 0:
        raise UserError(f"{refused}: {said[0].removeprefix('fatal: ').rstrip('.')}.", advice)
    return os.fsdecode(done.stdout).strip("\n")


def blob(root: Path, name: str) -> bytes:
    """The bytes of a file as git has them.

    Raises:
        UserError: there is no such object.
    """
    done = subprocess.run(["git", "-C", str(root), "cat-file", "blob", name], capture_output=True, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise UserError(f"git has no object {name}.", "Fetch the whole history: `git fetch --unshallow`.")
    return done.stdout
