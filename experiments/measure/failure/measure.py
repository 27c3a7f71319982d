"""Several modes and events, some of them at once, for most of it is waiting; each is stored as soon as it has been seen."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from experiments.measure import provenance
from experiments.measure.failure import apart
from experiments.measure.failure.incident import Job, Tell
from experiments.measure.program import Program
from experiments.probes import environment
from experiments.results import dated
from experiments.results.failure_model import Failures
from experiments.results.times import now

SCHEMA = "podpath/failures/1"


class _Begun:
    """The processes that were begun, and whether they are to end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._programs: list[Program] = []
        self.ending = False

    def add(self, program: Program) -> None:
        """Note one; it ends at once where all are to end."""
        with self._lock:
            self._programs.append(program)
            if self.ending:
                program.end()

    def end(self) -> None:
        """End them all, and whichever is begun from now on."""
        with self._lock:
            self.ending = True
            for program in self._programs:
                program.end()


def several(
    jobs: Sequence[Job], path: Path | None, host: str, command: Sequence[str], tell: Tell, at_once: int = 1
) -> Failures:
    """All of them, ``at_once`` at the same time; with a ``path`` the file there is written anew after each.

    Interrupted, it ends those that run; what was seen before is in the file.

    Raises:
        UserError: a mode cannot be built here, or the file cannot be written.
        ExperimentFailed: the disk is full.
    """
    found = Failures(schema=SCHEMA, id=path.stem if path else "unstored", started_at=now(),
                     generator=provenance.generator(command), host=environment.host(host), software=environment.software())
    begun = _Begun()
    with ThreadPoolExecutor(at_once) as pool:
        running = [pool.submit(apart.one, job, tell, begun.add) for job in jobs]
        try:
            for ended in as_completed(running):
                found = replace(found, incidents=(*found.incidents, ended.result()), finished_at=now())
                if path:
                    dated.write(path, found)
        except BaseException:
            for waiting in running:
                waiting.cancel()
            begun.end()
            raise
    return found

