"""Makes the trials of a deployment, one after the other.

The baseline is the same measurement between the nodes themselves. A way of measuring starts a tool through the probes, reads
what it says, and returns a trial; a tool that fails makes a failed trial with its reason, never a number.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from experiments.measure.protocol import CONGESTION_CONTROL, NOISE_LIMITS, NOISE_LIMITS_OF_SLICES
from experiments.measure.views import in_turn, link, timed, wire
from experiments.measure.views.bench import Bench
from experiments.measure.views.plan import NOT_OURS, Ask, TrafficPath, plan
from experiments.probes import placement
from experiments.probes.errors import ProbeError
from experiments.results.model import Trial
from experiments.results.times import now

AGAIN = "-again"  # ends the name of a repeat
# Trials that are made alone, by view; those in pairs are made by in_turn, or by timed.speed.
ALONE: dict[str, Callable[[Bench, Trial, TrafficPath, Ask], Trial]] = {
    "wire": wire.measure, "link": link.measure, "cost": timed.cost, "latency": timed.latency,
}


class Trials:
    """Runs the plan's trials on a bench."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def all(self, tell: Callable[[str], None]) -> Generator[Trial, None, None]:
        """One trial after the other; a noisy one is kept as discarded and repeated once, if the profile repeats at all."""
        asks = plan(self.bench.protocol, one_process=self.bench.one_process)
        with ExitStack() as stack:
            if self.bench.one_process:
                places = [place for path in self.bench.paths.values() for place in (path.client, path.server)]
                placement.refuse_steering(self.bench.lab, places)
                self.bench.placement = stack.enter_context(placement.in_force(self.bench.lab, self.bench.relays))
            for number, ask in enumerate(asks, 1):
                tell(f"measure {number}/{len(asks)}: {ask.view}, {'mode and baseline in turn' if ask.paired else ask.path}")
                yield from self.one(f"{self.bench.prefix}-{number:02d}-{ask.view}", ask)

    def one(self, identity: str, ask: Ask) -> Iterator[Trial]:
        """The trial of an ask, with that of its own baseline; the discarded ones before it."""
        trials = self._trials(identity, ask)
        reason = next((why for trial in trials if trial.status == "ok" and (why := _too_noisy(trial))), None)
        if reason and self.bench.protocol.repeats:
            for trial in trials:
                yield replace(trial, status="discarded", reason=reason) if trial.status == "ok" else trial
            discarded = [trial.path for trial in trials if trial.status == "ok"]
            trials = [trial for trial in self._trials(identity, ask, AGAIN) if trial.path in discarded]
        yield from trials

    def _trials(self, identity: str, ask: Ask, again: str = "") -> Sequence[Trial]:
        """The ask's trial; where it is paired, the baseline's and then the mode's."""
        base = Trial(identity + again, ask.view, ask.path, "ok", phase=ask.phase, started_at=now(), streams=ask.streams,
                     mss=ask.mss, congestion_control=None if ask.view == "packets" else CONGESTION_CONTROL, **self._asked(ask))
        wanted = [replace(base, id=f"{identity}-baseline{again}", path="host-host"), base] if ask.paired else [base]
        left = {trial.path: why for trial in wanted if (why := self._left_out(trial))}
        if "pod-pod" in left or (not ask.paired and left):
            return [replace(trial, status="not-run", reason=left.get(trial.path) or left["pod-pod"]) for trial in wanted]
        watch = self.bench.watch()
        try:
            found = self._measured(wanted, ask)
        except ProbeError as failure:
            found = [replace(trial, status="failed", reason=str(failure)) for trial in wanted]
        said = watch.stop() if watch else {}
        found = [replace(trial, noise=said) for trial in found]
        return [replace(trial, status="not-run", reason=left[trial.path], noise={}) if trial.path in left else trial
                for trial in found]

    def _asked(self, ask: Ask) -> dict[str, Any]:
        """What a trial keeps of its question whatever becomes of it."""
        found: dict[str, Any] = {"burst_bytes": ask.burst_bytes or None, "datagram_bytes": ask.datagram_bytes or None}
        if ask.view == "latency":
            found["load_ratio"] = ask.load_ratio
        if self.bench.one_process and ask.paired:
            found["processors"] = self.bench.placement.as_mapping()
        return found

    def _measured(self, wanted: list[Trial], ask: Ask) -> list[Trial]:
        """The trials with their numbers; a trial whose numbers `validate` would refuse has failed."""
        if ask.paired:
            ways = in_turn.measure if self.bench.one_process else timed.speed
            found = list(ways(self.bench, (wanted[0], wanted[1]), ask))
        else:
            found = [ALONE[ask.view](self.bench, wanted[0], self.bench.paths[ask.path], ask)]
        judged = [(trial, blank, self.bench.broken(trial)) for trial, blank in zip(found, wanted, strict=True)]
        return [replace(blank, status="failed", reason=wrong) if wrong else trial for trial, blank, wrong in judged]

    def _left_out(self, trial: Trial) -> str:
        """Why a trial is not made in this lab; empty if it is."""
        if self.bench.lab.foreign and trial.view in NOT_OURS:
            return f"not run, because {NOT_OURS[trial.view]}"
        if self.bench.lab.refused and trial.path == "host-host":
            return f"not run, because there are no pods on the nodes' own network: {self.bench.lab.refused}"
        return ""


def _too_noisy(trial: Trial) -> str | None:
    """Why a trial is not believed: what the machine did meanwhile, never what came out."""
    # Counts need no clock, and a busy machine takes nothing from them.
    limits = {} if trial.view == "wire" else NOISE_LIMITS_OF_SLICES if trial.clock == "processor" else NOISE_LIMITS
    over = [f"{name} {trial.noise[name]:g} > {limit:g}" for name, limit in limits.items()
            if trial.noise.get(name, 0.0) > limit]
    return ", ".join(over) or None
