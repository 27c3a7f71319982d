"""``--daemon PATH``: upstream's programs that stand where this run's PATH does not look."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from experiments import catalog, paths
from experiments.errors import UserError

FOLDERS = ("", "bin", "usr/bin")  # of a folder, where the program may be: an unpacked image has it deeper


def use(named: Path, name: str) -> None:
    """Have upstream's daemon of a mode be this program, or the one in this folder: its folder comes first on this run's PATH.

    The folder of a program that came with others may be that of an unpacked image, and hold a whole system's programs: it
    comes last.

    Raises:
        UserError: it is no program, or not under the name that the mode's daemon has, or another is found before it.
    """
    wanted = catalog.get(name).daemon
    program = _within(named, wanted.program) if wanted is not None else named
    if wanted is not None and program.name != wanted.program:
        raise UserError(f"--daemon {named}: upstream's daemon of {name} is called {wanted.program}.",
                        f"Name a file {wanted.program}, a link of that name, or a folder that has it.")
    if not (program.is_file() and os.access(program, os.X_OK)):
        raise UserError(f"--daemon {named}: there is no such program.", "Name the file that was built, with its folder.")
    folder = str(program.absolute().parent)
    if wanted is None or not wanted.parts:
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
        return
    os.environ["PATH"] = f"{paths.program_path()}{os.pathsep}{folder}"
    if (found := paths.find(wanted.program)) and not Path(found).samefile(program):
        raise UserError(f"--daemon {named}: PATH has another {wanted.program} before it, {found}.", "Take that one off PATH.")


def use_each(places: str, names: Sequence[str]) -> None:
    """As :func:`use`, for several modes: programs and folders, with colons between them as in PATH.

    Raises:
        UserError: as :func:`use`, or a place has the daemon of none of the modes.
    """
    programs = {wanted.program: name for name in names if (wanted := catalog.get(name).daemon) is not None}
    for place in (Path(one) for one in places.split(os.pathsep) if one):
        there = [name for program, name in programs.items() if _within(place, program).name == program]
        if not there:
            raise UserError(f"--daemon {place}: there is no {', '.join(programs) or 'daemon of these modes'}.",
                            "Name the files that were built, or folders that have them, with colons between them.")
        for name in there:
            use(place, name)


def _within(named: Path, program: str) -> Path:
    """The program in a folder, where it has it; else what was named."""
    places = [named / folder / program for folder in FOLDERS] if named.is_dir() else []
    return next((place for place in places if place.is_file()), named)
