"""Puts stand-ins where a PATH finds them, each run by the interpreter of these tests: a system's own lacks their modules."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

STANDINS = Path(__file__).resolve().parent / "standins"


def install(folder: Path, *names: str, program: str = "") -> None:
    """Make a program in ``folder`` of each stand-in, under its own name or as ``program``."""
    folder.mkdir(exist_ok=True)
    for name in names:
        launcher = folder / (program or name)
        launcher.write_text(f"#!/bin/sh\nexec {shlex.join([sys.executable, str(STANDINS / name)])} \"$@\"\n")
        launcher.chmod(0o755)
