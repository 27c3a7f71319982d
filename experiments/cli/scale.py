"""``invoke scale``: how a control plane grows."""

from __future__ import annotations

import json
from dataclasses import asdict

from experiments import catalog
from experiments.cli.columns import print_table
from experiments.cli.progress import say, telling
from experiments.errors import UserError
from experiments.labs.readiness import choose
from experiments.machine import look
from experiments.measure import scale
from experiments.results.words import counted, quantity
from experiments.variant import EMBEDDED, HOST


def run_scale(name: str, *, nodes: str = "2,10,30", timeout: int = 60, format: str = "table") -> list[scale.Grown]:
    """Build the mode once for each number of nodes and print a line each; nothing is stored.

    Raises:
        UserError: the mode has no BGP, a number is out of range, or something is missing here.
        ExperimentFailed: routes did not come within ``timeout`` seconds.
    """
    mode = catalog.get(name)
    counts = _counts(nodes)
    for count in counts:
        scale.check(mode, count)
    choose(mode, look(), EMBEDDED, HOST)
    with telling() as tell:
        grown = [scale.grow(mode, count, timeout, tell) for count in counts]
    if format == "json":
        print(json.dumps([asdict(one) for one in grown], indent=1))
        return grown
    say(f"{mode.title}: the control plane by number of nodes")
    print_table(("", "sessions", "routes", "build", "last route", "daemons", "memory"), [
        (counted(one.nodes, "node"), str(one.sessions), str(one.routes), quantity(1e6 * one.build_s, "µs"),
         quantity(1e6 * one.converge_s, "µs"), str(one.daemons), quantity(one.memory_bytes, "bytes")) for one in grown])
    return grown


def _counts(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise UserError(f"'{text}' is not a list of numbers.", "For example --nodes 2,10,30.") from None
