"""A relay of ours running on a node: started, watched, asked for its counters."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any

from experiments.dataplanes.recipe import Daemon, expect, wait_for
from experiments.errors import ExperimentFailed
from experiments.evidence import Check
from experiments.labs.base import Lab, let_go, run, start

PACKAGE = "experiments.dataplanes.built.relays"


class RelayProcess:
    """One relay on one node. It ends with the lab."""

    source = "the relay's statistics (SIGUSR1)"

    def __init__(
        self, lab: Lab, place: str, name: str, arguments: Sequence[str], program: Sequence[str] | None = None
    ) -> None:
        """Start it; ``program`` is another implementation that takes the same arguments (default: ours)."""
        self.lab = lab
        self.place = place
        self.name = name
        self.pid_file = f"/run/podpath/{place}.{name}.pid"
        self.statistics_file = f"/run/podpath/{place}.{name}.json"
        argv = [*(program or (*lab.python, "-m", f"{PACKAGE}.{name}")), *arguments,
                "--pid-file", self.pid_file, "--statistics", self.statistics_file]
        self.process = start(lab, place, ["env", f"PYTHONPATH={lab.source}", "PYTHONDONTWRITEBYTECODE=1", *argv],
                             stderr=subprocess.PIPE)
        let_go(self, self.process)
        self._pid: int | None = None

    @property
    def pid(self) -> int:
        """The relay's process id inside the lab.

        Raises:
            ExperimentFailed: the relay ended, or did not write its id within 10 s.
        """
        deadline = time.monotonic() + 10
        while self._pid is None:
            if self.process.poll() is not None:
                raise ExperimentFailed(f"The relay {self.name} on {self.place} ended: {self._last_words()}")
            done = run(self.lab, self.place, ["cat", self.pid_file], check=False, record=False)
            if done.stdout.strip().isdigit():
                self._pid = int(done.stdout)
            elif time.monotonic() > deadline:
                raise ExperimentFailed(f"The relay {self.name} on {self.place} did not start within 10 s.")
        return self._pid

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that the relay does when it starts, 10 s at most.

        Raises:
            ExperimentFailed: it did not happen, or the relay ended.
        """
        if self.lab.paper:
            return
        assert self.pid  # raises if the relay has ended
        wait_for(condition, f"the relay {self.name} on {self.place} {what}", 10)

    def _last_words(self) -> str:
        if self.process.stderr is None:
            return "it said nothing"
        os.set_blocking(self.process.stderr.fileno(), False)
        said = (self.process.stderr.read() or b"").decode(errors="replace").strip()
        return said.splitlines()[-1] if said else f"exit status {self.process.returncode}"

    def daemon(self) -> Daemon:
        """The process, for the accounting of CPU time."""
        return Daemon(f"relay {self.name}", self.place, self.pid)

    def statistics(self) -> dict[str, Any]:
        """The relay's counters, written at our request (SIGUSR1)."""
        before = self._read_statistics()
        run(self.lab, self.place, ["kill", "-USR1", str(self.pid)], record=False, check=False)
        deadline = time.monotonic() + 2
        while (now := self._read_statistics()) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        return now

    def _read_statistics(self) -> dict[str, Any]:
        done = run(self.lab, self.place, ["cat", self.statistics_file], check=False, record=False)
        try:
            return dict(json.loads(done.stdout))
        except ValueError:
            return {}

    def checks(self) -> list[Check]:
        """That the relay still runs."""
        state = "running" if self.process.poll() is None else f"ended: {self._last_words()}"
        return [expect("relay.process", self.place, "running", state, f"kill -0 $(cat {self.pid_file})")]
