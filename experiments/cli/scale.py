"""``invoke scale``: how a control plane grows with its nodes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments import catalog
from experiments.cli.columns import print_table
from experiments.cli.named import check_format, kept_at, modes, say_not_kept, say_whether_valid
from experiments.cli.noise import refuse_if_busy
from experiments.cli.progress import say, telling
from experiments.errors import ExperimentFailed, UserError, echoed
from experiments.labs.fabric import crowd
from experiments.labs.readiness import choose
from experiments.machine import look
from experiments.measure.growth import grow
from experiments.probes import environment
from experiments.results import growth
from experiments.results.growth_model import GrowthPoint
from experiments.results.outputs import as_shown
from experiments.results.plain import to_plain
from experiments.results.words import counted, quantity
from experiments.variant import EMBEDDED, HOST

COLUMNS = ("build: until the last daemon was started; routes: from then until the last one stood in the last node's table; "
           "CPU and memory: of all daemons.")
CHANGES = ("One node more, one block of addresses more, one node less: until all nodes knew, and how many daemons got another "
           "configuration.")
CHANGED = ("join", "block", "leave")


def run_scale(
    names: str, *, nodes: str = "2,10,30", repeat: int = 1, timeout: int = 60, format: str = "table", store: bool = False,
    out: str = "", host: str = "", anyway: bool = False,
) -> list[GrowthPoint]:
    """Build control planes of several sizes and print a line for each; with ``store`` or ``out`` keep what was measured.

    Raises:
        UserError: a mode has no BGP, a number is out of range, the memory is too small, the machine is busy (with ``store``),
            or something is missing here.
        ExperimentFailed: routes did not come within ``timeout`` seconds.
    """
    check_format(format)
    piped = format == "json"  # then nothing else may be said on standard output
    wanted = modes(names, (name for name, mode in catalog.load().items() if crowd.grows(mode)))
    asked = grow.Asked(tuple(wanted), tuple(_counts(nodes)), repeat, timeout)
    grow.check(asked)
    for name in wanted:
        choose(catalog.get(name), look(), EMBEDDED, HOST)
    host = host or environment.host_slug()
    if path := kept_at(growth.FOLDER, host, store=store, out=out):
        refuse_if_busy(anyway, beside=piped)
        points = _stored(asked, path, host, piped=piped)
    else:
        with telling(beside=piped) as tell:
            points = [grow.grow(mode, count, timeout, tell, n) for mode, count, n in asked.each()]
    if piped:
        print(json.dumps([to_plain(point) for point in points], indent=1))
    else:
        _show(points)
        if not path:
            say_not_kept(growth.FOLDER)
    return points


def _stored(asked: grow.Asked, path: Path, host: str, *, piped: bool) -> list[GrowthPoint]:
    with telling(beside=piped) as tell:
        points = list(grow.measure(asked, path, host, ("invoke", *sys.argv[1:]), tell).points)
    say_whether_valid(path, growth.check, beside=piped)
    if all(point.status != "ok" for point in points):
        raise ExperimentFailed("No size came to stand.", f"The reasons are in {path}.")
    return points


def _show(points: Sequence[GrowthPoint]) -> None:
    for mode in dict.fromkeys(point.mode for point in points):
        own = [point for point in points if point.mode == mode]
        if stand := [point for point in own if point.status == "ok"]:
            say(f"{catalog.get(mode).title}: the control plane by number of nodes")
            print_table(("nodes", "sessions", "build", "routes", "CPU", "memory"), [_line(point) for point in stand])
            say("After a change")
            print_table(("nodes", *CHANGED), [_changes(point) for point in stand])
        for point in own:
            if point.status != "ok":
                say(f"{mode}, {counted(point.nodes, 'node')}: failed: {as_shown(point.reason or '')}")
    if any(point.status == "ok" for point in points):
        say(f"{COLUMNS} {CHANGES}")


def _line(point: GrowthPoint) -> tuple[str, ...]:
    return (str(point.nodes), str(point.sessions), _seconds(point.build_s), _seconds(point.converge_s), _seconds(point.cpu_s),
            quantity(point.memory_bytes or 0, "bytes"))


def _changes(point: GrowthPoint) -> tuple[str, ...]:
    made: dict[str, str] = {change.what: f"{_seconds(change.converge_s)} ({change.touched})" for change in point.changes}
    return (str(point.nodes), *(made.get(what, "") for what in CHANGED))


def _seconds(value: float | None) -> str:
    return "" if value is None else quantity(1e6 * value, "µs")


def _counts(text: str) -> list[int]:
    try:
        return list(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise UserError(f"'{echoed(text)}' is not a list of numbers.", "For example --nodes 2,10,30.") from None
