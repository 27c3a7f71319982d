"""``invoke fail``: what each mode makes of a cut, a node that falls silent, a daemon that dies."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence

from experiments import catalog
from experiments.cli.columns import print_table
from experiments.cli.named import ALL, check_format, kept_at, modes, say_not_kept, say_whether_valid
from experiments.cli.progress import say, telling
from experiments.errors import ExperimentFailed, UserError, echoed
from experiments.labs.readiness import choose
from experiments.machine import look
from experiments.measure.failure import measure
from experiments.measure.failure.incident import Job
from experiments.probes import environment
from experiments.results import failures
from experiments.results.failure_model import MOST_WATCH_S, Event, Failures, Incident
from experiments.results.failure_rules import WATCH_S
from experiments.results.outputs import as_shown
from experiments.results.plain import to_plain
from experiments.variant import EMBEDDED, KERNELS


def run_fail(
    names: str, *, event: str = "cut", watch: int = 0, kernel: str = "auto", at_once: int = 1, format: str = "table",
    store: bool = False, out: str = "", host: str = "",
) -> Failures:
    """Break something between three nodes and print what their pods see; with ``store`` or ``out`` keep it.

    Raises:
        UserError: an unknown mode, event or kernel, or nothing of it can run here.
        ExperimentFailed: a mode did not come into force before, or did other than it promises.
    """
    check_format(format)
    piped = format == "json"  # then nothing else may be said on standard output
    jobs = _jobs(names, event, kernel, watch, piped=piped)
    if at_once < 1:
        raise UserError(f"--at-once {echoed(at_once)}: nothing would run.", "1 or more.")
    host = host or environment.host_slug()
    path = kept_at(failures.FOLDER, host, store=store, out=out)
    with telling(beside=piped) as tell:
        found = measure.several(jobs, path, host, ("invoke", *sys.argv[1:]), tell, at_once)
    if path:
        say_whether_valid(path, failures.check, beside=piped)
    if piped:
        print(json.dumps([to_plain(one) for one in found.incidents], indent=1))
    else:
        _show(found.incidents)
        if not path:
            say_not_kept(failures.FOLDER)
    if wrong := [*_wrong(found.incidents)]:
        raise ExperimentFailed("\n".join(wrong))
    return found


def _events(text: str) -> list[Event]:
    known = {str(name): name for name in WATCH_S}
    wanted = [name.strip() for name in text.split(",")]
    if unknown := [name for name in wanted if name not in (*known, ALL)]:
        raise UserError(f"Unknown event '{echoed(unknown[0])}'.", f"Events: {', '.join(WATCH_S)}, or {ALL}.")
    return list(WATCH_S) if ALL in wanted else [known[name] for name in dict.fromkeys(wanted)]


def _jobs(names: str, event: str, kernel: str, watch: int, *, piped: bool) -> list[Job]:
    if kernel not in ("auto", *KERNELS):
        raise UserError(f"Unknown kernel '{echoed(kernel)}'.", f"Kernels: {', '.join(('auto', *KERNELS))}.")
    if not 0 <= watch <= MOST_WATCH_S:
        raise UserError(f"--watch {echoed(watch)} is out of range.",
                        f"Seconds, {MOST_WATCH_S} at most; 0 is the event's own time, for example --watch 90.")
    wanted, every = modes(names, catalog.load()), names.strip() == ALL
    events, machine = _events(event), look()
    jobs, refused = [], []
    for name in wanted:
        try:
            on = choose(catalog.get(name), machine, EMBEDDED, kernel).kernel
        except UserError as reason:
            if not every:
                raise
            refused.append(f"{name}: not run, because {reason.problem}")
        else:
            jobs += [Job(name, one, on, float(watch)) for one in events]
    for line in refused:
        say(line, beside=piped)
    if not jobs:
        raise UserError("No mode can run here.", "`invoke list` says what is missing.")
    return jobs


def _show(incidents: Sequence[Incident]) -> None:
    for event in dict.fromkeys(one.event for one in incidents):
        say(f"After the event '{event}': pod1 to pod3{', full-size packets' if event == 'mtu' else ''}")
        own = [one for one in incidents if one.event == event]
        seen = [one for one in own if one.status == "ok"]
        if seen:
            print_table(("mode", "lost from", "answered from", "then by", "after healing", "node1 says"),
                        [_line(one) for one in seen])
        for one in own:
            if one.status != "ok":
                say(f"{one.mode}: {'not run, because' if one.status == 'not-run' else 'failed:'} {as_shown(one.reason or '')}")
        far = [(one.pairs[-1], one.watched_s or 0.0) for one in seen]
        if any(pair.lost and pair.connected_again_s is None and watched_s < WATCH_S[event] for pair, watched_s in far):
            say(f"What takes longer was not seen: without --watch, {WATCH_S[event]:g} s are watched.")


def _line(one: Incident) -> tuple[str, ...]:
    far = one.pairs[-1]
    ways = {way.when: way.way for way in one.ways}
    again = _at(far.connected_again_s) or (f"not within {one.watched_s:.0f} s" if far.lost else "")
    return (one.mode, _at(far.first_lost_s) or "never", again, ways.get("during", ""), _at(one.healed_s),
            "; ".join(f"{seen.says} ({_at(seen.at_s)})" for seen in one.tables))


def _at(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"


def _wrong(incidents: Sequence[Incident]) -> Iterator[str]:
    for one in incidents:
        if one.status == "failed":
            yield as_shown(f"{one.mode}, {one.event}: {one.reason}")
        for check in one.checks:
            if not check.ok:
                said = f"{one.mode}, {one.event}: {check.check}: expected {check.expected}, observed {check.observed}."
                yield as_shown(said)
