"""Puts stand-ins where a PATH finds them, each run by the interpreter of these tests: a system's own lacks their modules."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import yaml

STANDINS = Path(__file__).resolve().parent / "standins"
ROOT = STANDINS.parents[2]
# A test calls them some hundred times: without the site's own start each call takes a third, and a module is compiled once.
# The package is this checkout's, installed or not.
RUN = "import sys; sys.path[:0] = [{folder!r}]; sys.path += [{root!r}, {modules!r}]; import {name}; {name}.main(sys.argv[1:])"


def install(folder: Path, *names: str, program: str = "") -> None:
    """Make a program in ``folder`` of each stand-in, under its own name or as ``program``."""
    folder.mkdir(exist_ok=True)
    for name in names:
        launcher = folder / (program or name)
        code = RUN.format(folder=str(STANDINS), name=name, root=str(ROOT), modules=str(Path(yaml.__file__).parents[1]))
        launcher.write_text(f"#!/bin/sh\nexec {shlex.join([sys.executable, '-I', '-S', '-c', code])} \"$@\"\n")
        launcher.chmod(0o755)
