"""One deployment of a mode, from nothing to nothing: the one place where the phases stand in order.

up, build, ready, attest, measure, attest, down. A deployment whose attestation fails, before or after measuring, yields
its evidence and no number; a trial that fails is followed by an attestation, so that a broken deployment ends there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from experiments import catalog
from experiments.catalog import Mode
from experiments.dataplanes.recipe import Recipe
from experiments.dataplanes.table import recipe_for
from experiments.errors import ExperimentFailed, UserError
from experiments.evidence import Check, Packet, TranscriptStep
from experiments.labs import table
from experiments.labs.backend import NO_MEANS, Means, Tell
from experiments.labs.base import Lab, Transcript
from experiments.measure import attestation, quiet
from experiments.measure.anonymous import Anonymous
from experiments.measure.protocol import Profile, profile
from experiments.measure.views.bench import Bench
from experiments.measure.views.trials import Trials
from experiments.probes import environment
from experiments.results.model import Deployment, Trial
from experiments.results.times import now
from experiments.variant import CAPSULE, Variant

READY_TIMEOUT_S = 30.0
FORCED = "forced into User-Mode Linux: its figures are those of User-Mode Linux's system calls, not of the mode"

Hold = Callable[[Lab], None]


@dataclass(frozen=True)
class Job:
    """What to deploy, where; plain values, so that it can be handed to another kernel."""

    variant: Variant
    n: int
    profile: str
    nodes: int = 2


@dataclass(frozen=True)
class Outcome:
    """What a deployment leaves behind. ``raws`` are the tools' own outputs: trial id -> (tool, text)."""

    deployment: Deployment
    transcript: tuple[TranscriptStep, ...] = ()
    raws: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    implementation: Mapping[str, str] = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)


class _Run:
    """The state of one deployment while it runs; what a failure leaves of it."""

    def __init__(self, job: Job, tell: Tell, hold: Hold | None, means: Means) -> None:
        self.job = job
        self.tell = tell
        self.hold = hold
        self.means = means
        self.mode: Mode = catalog.get(job.variant.mode)
        self.protocol: Profile = profile(job.profile)
        self.seconds: dict[str, float] = {}
        self.transcript = Transcript()
        self.before: list[Check] = []
        self.after: list[Check] = []
        self.packet: Packet | None = None
        self.trials: list[Trial] = []
        self.raws: dict[str, tuple[str, str]] = {}
        self.implementation: Mapping[str, str] = {}
        self.network: Mapping[str, Any] = {}
        self.anonymous: Anonymous | None = None

    @contextmanager
    def timed(self, phase: str, lab: Lab | None = None) -> Iterator[None]:
        """Count the block's seconds to ``phase``, and record its commands under that name."""
        started = time.monotonic()
        if lab is not None:
            lab.transcript.phase = phase
        try:
            yield
        finally:
            self.seconds[phase] = self.seconds.get(phase, 0.0) + time.monotonic() - started

    def run(self) -> None:
        """All phases in order.

        Raises:
            ExperimentFailed: a phase failed; what was observed until then is kept.
        """
        self.tell(f"lab up: {self.job.nodes} nodes")
        began, going = time.monotonic(), None
        try:
            with table.get(self.job.variant.lab).up(
                self.mode, nodes=self.job.nodes, kernel=self.job.variant.kernel, means=self.means, tell=self.tell,
            ) as lab:
                self.seconds["up"] = time.monotonic() - began
                self.transcript = lab.transcript
                self.anonymous = Anonymous(lab.hidden) if lab.foreign else None
                try:
                    self._inside(lab)
                finally:
                    going = time.monotonic()
        finally:
            phase, since = ("up", began) if going is None else ("down", going)
            self.seconds[phase] = time.monotonic() - since

    def _inside(self, lab: Lab) -> None:
        recipe = recipe_for(self.mode, lab, self.job.variant.daemon)
        self.mode = recipe.mode
        self.tell("build")
        with self.timed("build", lab):
            recipe.build()
        self.tell("wait for the data plane")
        with self.timed("ready", lab):
            recipe.wait_ready(READY_TIMEOUT_S)
        self._describe(lab, recipe)
        seen = [] if lab.refused else [node.name for node in lab.nodes[:2]]
        self.network = environment.network(lab, seen, inside=recipe.pods[0].name if lab.refused else "")
        self.tell("attest")
        with self.timed("attest", lab):
            self.before, self.packet = attestation.full(lab, recipe, self.mode)
        self._describe(lab, recipe)  # again: what may not be looked at shows when it is looked at
        _require(self.before, "before measuring")
        place = table.get(self.job.variant.lab)
        if place.makers and not place.foreign:
            quiet.wait(self.tell)
        with self.timed("measure", lab):
            self._measure(lab, recipe)
        self.tell("attest again")
        self._attest_again(lab, recipe, "after measuring")
        if self.hold is not None:
            self.hold(lab)

    def _describe(self, lab: Lab, recipe: Recipe) -> None:
        """Note what really runs."""
        self.implementation = {**lab.facts, **recipe.implementation()}
        if self.mode.relay and self.job.variant.kernel == CAPSULE:
            self.implementation = {**self.implementation, "caution": FORCED}

    def _measure(self, lab: Lab, recipe: Recipe) -> None:
        bench = Bench(lab, recipe, self.mode, self.protocol, f"{self.mode.name}-{self.job.n}", self.job.variant.kernel)
        # What it has placed on processors is put back before the lab goes, also where it is not asked to the end.
        with closing(Trials(bench).all(self.tell)) as trials:
            self._collect(trials, lab, recipe)
        self.raws = bench.raws

    def _collect(self, trials: Iterable[Trial], lab: Lab, recipe: Recipe) -> None:
        """Each trial as it comes; the signs once more after one that failed."""
        for trial in trials:
            self.trials.append(trial)
            if trial.status == "failed":  # where the mode is gone, each trial that is left would wait in vain for its server
                self._attest_again(lab, recipe, f"after a trial that failed ({trial.view}, {trial.path})")
                lab.transcript.phase = "measure"

    def _attest_again(self, lab: Lab, recipe: Recipe, when: str) -> None:
        """The signs once more.

        Raises:
            ExperimentFailed: one does not hold; no number of this deployment can be believed.
        """
        with self.timed("attest", lab):
            self.after = attestation.signs(lab, recipe, self.mode)
        _require(self.after, when)

    def outcome(self, started_at: str, reason: str | None) -> Outcome:
        """The result; without any number if there is a reason not to believe one."""
        phases = {f"{phase}_s": round(self.seconds[phase], 3) for phase in ("up", "build", "ready", "attest", "down")
                  if phase in self.seconds}
        ok = reason is None
        deployment = Deployment(
            n=self.job.n, status="ok" if ok else "failed", reason=reason, started_at=started_at,
            attestation_before=tuple(self.before), attestation_after=tuple(self.after),
            trials=tuple(self.trials) if ok else (), packet=self.packet, **phases,
        )
        found = Outcome(deployment, tuple(self.transcript.steps), self.raws if ok else {}, self.implementation, self.network)
        return found if self.anonymous is None else _without_names(found, self.anonymous)


def deploy(
    job: Job, tell: Tell = lambda _: None, hold: Hold | None = None, means: Means = NO_MEANS
) -> Outcome:
    """Build, attest, measure and remove one deployment; ``hold`` is called before it is removed.

    A failed build or attestation is an outcome too: its status is ``failed``, with the reason and without numbers.

    Raises:
        UserError: the mode or the profile does not exist, or the lab cannot be made on this machine.
    """
    if job.nodes < 2:
        raise UserError(f"{job.nodes} node is too few: packets travel between two.", "Use --nodes 2 or more.")
    run = _Run(job, tell, hold, means)
    started_at, reason = now(), None
    try:
        run.run()
    except ExperimentFailed as failure:
        reason = str(failure)
    return run.outcome(started_at, reason)


def _without_names(found: Outcome, anonymous: Anonymous) -> Outcome:
    """The outcome of a deployment in somebody's cluster, without what says whose it is."""
    deployment, packet = anonymous.instance(Deployment, replace(found.deployment, packet=None)), found.deployment.packet
    return Outcome(
        replace(deployment, packet=anonymous.packet(packet) if packet else None),
        tuple(anonymous.instance(TranscriptStep, step) for step in found.transcript),
        {identity: (tool, anonymous.text(text)) for identity, (tool, text) in found.raws.items()},
        anonymous.everywhere(dict(found.implementation)), anonymous.everywhere(dict(found.network)),
    )


def _require(checks: list[Check], when: str) -> None:
    """No number without an attestation.

    Raises:
        ExperimentFailed: a check does not hold; the message names all of them with what was expected and observed.
    """
    failed = [check for check in checks if not check.ok]
    if failed:
        listed = "; ".join(f"{c.check} on {c.at}: expected {c.expected}, observed {c.observed}" for c in failed)
        raise ExperimentFailed(f"The attestation {when} failed: {listed}.")
