"""What is stored of failures: read and checked."""

from __future__ import annotations

from pathlib import Path

from experiments import catalog
from experiments.paths import DATA
from experiments.results import dated, failure_rules
from experiments.results.checks import packet
from experiments.results.checks.report import Report
from experiments.results.failure_model import Failures, Incident

FOLDER = DATA / "failures"
KIND = "failures"
MOST_INCIDENTS = 100
PACKETS = 3  # of an incident, at most


def check(report: Report, path: Path) -> None:
    """Check one file of data/failures: format, names, what the event and the mode allow, packets that decode to
    what is said of them."""
    file, value = dated.opened(report, path, KIND, Failures)
    if value is None:
        return
    if not 0 < len(value.incidents) <= MOST_INCIDENTS:
        file.error(("incidents",), f"has {len(value.incidents)} entries; allowed: 1 to {MOST_INCIDENTS}")
        return
    seen = set()
    for i, one in enumerate(value.incidents):
        if (one.mode, one.event, one.kernel) in seen:
            file.error(("incidents", i, "mode"), "stands here twice")
        seen.add((one.mode, one.event, one.kernel))
        for key, text in _wrong(one):
            file.error(("incidents", i, *key), text)
        for p, kept in enumerate(one.packets[:PACKETS]):
            packet.decoded(file, ("incidents", i, "packets", p), kept)
    # Several may be seen at the same time, so the longest tells.
    longest_s = max((one.watched_s or 0.0) + (one.healed_s or 0.0) for one in value.incidents)
    dated.check_span(file, value, longest_s, "the longest of the incidents")


def _wrong(one: Incident) -> failure_rules.Broken:
    modes = catalog.load()
    if one.mode not in modes:
        yield ("mode",), "is no mode of the catalogue"
        return
    if one.status == "ok":
        if one.reason:
            yield ("reason",), "says why it could not be done, and it is ok"
        if len(one.packets) > PACKETS:
            yield ("packets",), f"has more than {PACKETS}"
            return
        yield from failure_rules.broken(one, modes[one.mode])
        return
    if any((one.pairs, one.packets, one.checks, one.ways, one.tables)) or (one.watched_s, one.healed_s) != (None, None):
        yield ("status",), f"is {one.status}, but there are figures"
    if not one.reason:
        yield ("reason",), "is missing; what was not done says why"
    if one.status == "not-run" and one.event != "daemon":
        yield ("status",), "only a process that a mode does not have cannot be killed; all else can be done to each"
