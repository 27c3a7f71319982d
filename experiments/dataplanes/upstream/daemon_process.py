"""Upstream's daemon running on a node: started, watched, and asked which version it is."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from experiments.dataplanes.recipe import Daemon, expect, wait_for
from experiments.errors import ExperimentFailed
from experiments.evidence import Check
from experiments.labs.base import Lab, let_go, run, start

START_TIMEOUT_S = 90.0  # in the capsule, where a system call takes several times as long
LAST_WORDS_BYTES = 4096


class DaemonProcess:
    """One daemon on one node. It ends with the lab."""

    asked_by = "--version"  # how its program is asked for its version

    def __init__(self, lab: Lab, place: str, argv: Sequence[str], program: str) -> None:
        """Start it by ``argv``, which may begin with ``env``; ``program`` is what it is called."""
        self.lab = lab
        self.place = place
        self.program = program
        # A file, not a pipe: nobody reads along, and a full pipe would stop the daemon.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the daemon)
        self.process: subprocess.Popen[bytes] = start(lab, place, argv, stdout=self._said, stderr=self._said)
        let_go(self, self.process, self._said)
        self._pid: int | None = None

    @property
    def pid(self) -> int:
        """Its process id inside the lab.

        Raises:
            ExperimentFailed: it ended, or was not seen within 10 s.
        """
        deadline = time.monotonic() + 10
        while self._pid is None:
            self._pid = inside(child(self.process.pid))
            self._require_running()
            if self._pid is None and time.monotonic() > deadline:
                raise ExperimentFailed(f"{self.program} on {self.place} did not start within 10 s.")
        return self._pid

    def _require_running(self) -> None:
        if self.process.poll() is not None:
            raise ExperimentFailed(f"{self.program} on {self.place} ended: {self._last_words()}")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that the daemon does when it starts.

        Raises:
            ExperimentFailed: it did not happen in time, or the daemon ended.
        """
        if self.lab.paper:
            return
        assert self.pid  # raises if the daemon has ended

        def holds() -> bool:
            self._require_running()
            return condition()

        wait_for(holds, f"{self.program} on {self.place} {what}", START_TIMEOUT_S)

    def _last_words(self) -> str:
        # Not by seeking: the daemon writes where this file's offset stands.
        number = self._said.fileno()
        said = os.pread(number, LAST_WORDS_BYTES, max(0, os.fstat(number).st_size - LAST_WORDS_BYTES))
        lines = said.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {self.process.returncode}"

    def daemon(self) -> Daemon:
        """The process, for the accounting of CPU time."""
        return Daemon(self.program, self.place, self.pid)

    def version(self) -> str:
        """What the program on PATH says of itself."""
        return version_of(self.lab, self.place, self.program, self.asked_by)

    def checks(self) -> list[Check]:
        """That it still runs, and that the file it runs is the program whose version is stored."""
        state = "running" if self.process.poll() is None else f"ended: {self._last_words()}"
        found = [expect("daemon.process", self.place, "running", state, f"kill -0 {self.pid}")]
        if state == "running":
            file = f"/proc/{self.pid}/exe"
            found.append(expect("daemon.version", self.place, f"{self.program} {self.version()}",
                                f"{self.program} {version_of(self.lab, self.place, file, self.asked_by)}",
                                f"{file} {self.asked_by}"))
        return found


def version_of(lab: Lab, place: str, program: str, asked_by: str = "--version") -> str:
    """The version that a program says of itself; ``v0.28.9`` is 0.28.9, and a build that was given none says none."""
    done = run(lab, place, [program, asked_by], check=False, record=False)
    found = re.search(r"v?(\d+(?:\.\d+)+\S*)", done.stdout + done.stderr)
    return found[1] if found and done.exit_code == 0 else "of unknown version"


def child(parent: int | None) -> int | None:
    """The first process that a process has started, by the runner's own numbers."""
    try:
        return int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])
    except (OSError, IndexError):
        return None


def inside(process: int | None) -> int | None:
    """The process id inside the lab: the last of the numbers under NSpid (proc(5))."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
        return int(re.findall(r"^NSpid:.*?(\d+)$", status, re.MULTILINE)[0])
    except (OSError, IndexError):
        return None
