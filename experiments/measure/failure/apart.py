"""One incident in a process of its own, so that several can be ended at once: a thread that waits cannot be."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from types import FrameType

from experiments.errors import ExperimentFailed, PodpathError
from experiments.measure import program
from experiments.measure.failure.incident import Job, Tell, incident
from experiments.measure.kernels import DEPLOYMENT_TIMEOUT_S, booted
from experiments.results import store
from experiments.results.failure_model import NODES, Incident
from experiments.results.failure_rules import WATCH_S
from experiments.variant import CAPSULE, EMBEDDED


def one(job: Job, tell: Tell, begun: Callable[[program.Program], None] = lambda _: None) -> Incident:
    """One incident, on the kernel that was asked for; one that failed is returned with its reason.

    ``begun`` is given the process that makes it.

    Raises:
        UserError: the mode cannot be built here.
    """
    try:
        with program.running(__name__, asdict(job), 2 * _most_s(job)) as made:  # it gives up before, with its reason
            begun(made)
            return store.from_plain(Incident, made.result(lambda text: tell(f"{job.mode}, {job.event}: {text}")))
    except ExperimentFailed as failure:
        return Incident(mode=job.mode, event=job.event, kernel=job.kernel, nodes=NODES, status="failed", reason=failure.problem)


def run() -> None:
    """The process's side: do what the line on standard input asks, and end when it closes."""
    job = Job(**json.loads(sys.stdin.readline()))
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_until_alone, daemon=True).start()
    try:
        program.say({"result": asdict(_made(job, lambda text: program.say({"tell": text})))})
    except PodpathError as error:
        program.say_error(error)


def _made(job: Job, tell: Tell) -> Incident:
    if job.kernel != CAPSULE:
        return incident(job, tell)
    with booted(EMBEDDED, None, tell) as capsule:
        return store.from_plain(Incident, capsule.call(
            "experiments.measure.failure.incident:incident_plain", asdict(job),
            timeout_s=_most_s(job), on_progress=tell))


def _most_s(job: Job) -> float:
    return DEPLOYMENT_TIMEOUT_S + (job.watch_s or WATCH_S[job.event])


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # what is taken down is not interrupted again
    raise SystemExit(128 + number)  # through every block that has something up


def _until_alone() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
