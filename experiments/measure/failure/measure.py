"""Several modes and events, some of them at once, for most of it is waiting; each is stored as soon as it has been seen."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from pathlib import Path

from experiments.errors import ExperimentFailed
from experiments.measure import provenance
from experiments.measure.failure.incident import NODES, Job, Tell, incident
from experiments.measure.kernels import DEPLOYMENT_TIMEOUT_S, booted
from experiments.probes import environment
from experiments.results import dated, store
from experiments.results.failure_model import Failures, Incident
from experiments.results.times import now
from experiments.variant import CAPSULE, EMBEDDED

SCHEMA = "podpath/failures/1"


def one(job: Job, tell: Tell) -> Incident:
    """One incident, on the kernel that was asked for; one that failed is returned with its reason.

    Raises:
        UserError: the mode cannot be built here.
    """
    def say(text: str) -> None:
        tell(f"{job.mode}, {job.event}: {text}")

    try:
        if job.kernel != CAPSULE:
            return incident(job, say)
        with booted(EMBEDDED, None, say) as capsule:
            return store.from_plain(Incident, capsule.call(
                "experiments.measure.failure.incident:incident_plain", asdict(job), timeout_s=DEPLOYMENT_TIMEOUT_S,
                on_progress=say))
    except ExperimentFailed as failure:
        return Incident(mode=job.mode, event=job.event, kernel=job.kernel, nodes=NODES, status="failed", reason=failure.problem)


def several(
    jobs: Sequence[Job], path: Path | None, host: str, command: Sequence[str], tell: Tell, at_once: int = 1
) -> Failures:
    """All of them, ``at_once`` at the same time; with a ``path`` the file there is written anew after each.

    Raises:
        UserError: a mode cannot be built here, or the file cannot be written.
        ExperimentFailed: the disk is full.
    """
    found = Failures(schema=SCHEMA, id=path.stem if path else "unstored", started_at=now(),
                     generator=provenance.generator(command), host=environment.host(host), software=environment.software())
    with ThreadPoolExecutor(at_once) as pool:
        running = [pool.submit(one, job, tell) for job in jobs]
        try:
            for ended in as_completed(running):
                found = replace(found, incidents=(*found.incidents, ended.result()), finished_at=now())
                if path:
                    dated.write(path, found)
        except BaseException:
            for waiting in running:
                waiting.cancel()
            raise
    return found
