"""A machine that has the stand-ins for containerlab, docker, kind and kubectl (tests/labs/standins) instead of the real ones.

Everything runs in private namespaces that end with the test.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import launchers

from experiments.paths import ROOT

CLEAN = "from experiments.cli.clean import run_clean; run_clean()"


@dataclass
class Machine:
    """Private namespaces with the stand-ins first in PATH."""

    enter: list[str]
    folder: Path

    def __post_init__(self) -> None:
        launchers.install(self.folder / "bin", "containerlab", "docker", "kind", "kubectl")

    def argv(self, program: str, *arguments: str, fault: str = "") -> list[str]:
        """The command line of a Python program there."""
        path = f"{self.folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin"
        values = {"PATH": path, "PODPATH_STANDIN": str(self.folder / "standin"), "PODPATH_STANDIN_FAULT": fault,
                  "XDG_STATE_HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder), "PYTHONPATH": str(ROOT)}
        # The command that enters waits for the one inside; when it is killed, the one inside is killed too.
        # Each starts the whole program, which is compiled once, whatever the environment of these tests says of that.
        return [*self.enter, "setpriv", "--pdeathsig", "KILL", "env", "--unset", "PYTHONDONTWRITEBYTECODE",
                *(f"{name}={value}" for name, value in values.items()), sys.executable, "-c", program, *arguments]

    def run(self, program: str, *arguments: str, fault: str = "") -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(self.argv(program, *arguments, fault=fault), capture_output=True, text=True, timeout=180,
                              check=False)

    @property
    def log(self) -> list[list[str]]:
        """The command lines that the stand-ins were called with."""
        file = self.folder / "standin" / "log"
        return [ast.literal_eval(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def containers(self) -> list[str]:
        """The containers that there are."""
        return sorted(path.name for path in (self.folder / "standin" / "containers").glob("[0-9a-f]*"))

    @property
    def written_down(self) -> list[str]:
        """The labs that `invoke clean` knows of."""
        return sorted(path.name for path in (self.folder / "podpath" / "labs").glob("*"))

    def running(self, word: str) -> list[str]:
        """The commands inside that have a word; other labs on this machine are none of our business."""
        mark, found = f"PODPATH_STANDIN={self.folder / 'standin'}\0".encode(), []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in path.read_bytes() and word in (said := (path.parent / "cmdline").read_text()).split("\0"):
                    found.append(said.replace("\0", " "))
            except OSError:
                continue
        return found


def wait(condition: Callable[[], object]) -> None:
    """Until it holds; a minute at most."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
