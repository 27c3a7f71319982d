"""``invoke list``: where each mode and variant can run on this machine, what is missing, and what to type next."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict

from rich.markup import escape
from rich.table import Table

from experiments import catalog
from experiments.catalog import pending
from experiments.cli.named import check_format
from experiments.cli.progress import console
from experiments.errors import UserError
from experiments.labs import table
from experiments.labs.netns.needs_embedded import RELAY_IN_CAPSULE
from experiments.labs.readiness import NO_RECIPE, Readiness, readiness
from experiments.labs.remarks import impossible, remarks
from experiments.machine import Machine, Missing, look
from experiments.variant import CAPSULE, EMBEDDED, KERNELS

SHORT = {**KERNELS, CAPSULE: "capsule"}  # as short as a column is wide
WIDTH = 80  # columns of the smallest terminal that the list is made for


def run_list(*, format: str = "table", lab: str = "", machine: Machine | None = None) -> None:
    """Print, mode by mode and place by place, ``ready`` or what is missing; ``machine``: another look than one taken now.

    ``lab``: only this one, with what each mode needs there and how to get it.

    Raises:
        UserError: the format is neither ``table`` nor ``json``, or there is no such lab.
    """
    check_format(format)
    machine = machine or look()
    modes = {**catalog.load(), **catalog.variants()}
    places = [place for name in modes for place in readiness(name, machine)]
    labs = list(dict.fromkeys(place.lab for place in places))
    if lab not in ("", *labs):
        raise UserError(f"Unknown lab '{lab}'.", f"Labs: {', '.join(labs)}.")
    places = [place for place in places if lab in ("", place.lab)]
    if format == "json":
        print(json.dumps([{**asdict(place), "ready": place.ready, "variant_of": modes[place.mode].variant_of}
                          for place in places], indent=2))
    else:
        _print(machine, places, whole=bool(lab))


def _print(machine: Machine, places: list[Readiness], *, whole: bool) -> None:
    """The table, and a line for each lab that is not ready; ``whole``: also how to get what such a lab needs."""
    if refusal := impossible(machine):
        _say(refusal)
        return
    console.print(f"Where each mode can run here ({machine.distribution.title}, {machine.processor})", markup=False)
    groups = {key: [p for p in places if (p.lab, p.kernel) == key] for key in dict.fromkeys((p.lab, p.kernel) for p in places)}
    some = {key: group for key, group in groups.items() if any(place.ready for place in group)}
    if some:
        _print_table(some)
    for key, group in groups.items():
        if key not in some:
            _say(f"{_title(*key)}: not ready, needs {_needs(group, whole)}")
    told = [place for place in places if whole or place.lab == EMBEDDED or (place.lab, place.kernel) in some]
    for short, hows in _remedies(told).items():
        _say(f"{short}: {' '.join(hows)}")
    if not whole and any(key not in some and key[0] != EMBEDDED for key in groups):
        _say("How to get what such a lab needs: invoke list --lab NAME")
    for remark in remarks(machine):
        _say(remark)
    for name, mode in catalog.load().items():
        if lacking := pending.pending(mode):
            _say(f"{name}: {', '.join(lacking)}")
    if not whole:
        console.print(f"Next: {_next(places)}", markup=False)


def _print_table(groups: dict[tuple[str, str], list[Readiness]]) -> None:
    """A line a mode, a column for each place where some mode is ready."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("\nmode", no_wrap=True)
    for lab, kernel in groups:
        table.add_column(_title(lab, kernel).replace(", ", "\n"), overflow="fold")
    for row in zip(*groups.values(), strict=True):
        table.add_row(row[0].mode, *(escape(_cell(place)) for place in row))
    console.print(table)


def _cell(place: Readiness) -> str:
    needs = dict.fromkeys(_short(missing) for missing in place.missing)
    for only in ("host only", "netns only", "explained only"):
        if only in needs:
            return only
    return "no " + ", ".join(needs) if needs else "ready"


def _title(lab: str, kernel: str) -> str:
    """A place in words; clusters run on their own kernels."""
    return f"{lab}, {SHORT[kernel]}" if len(table.LABS[lab].kernels) > 1 else lab


def _short(missing: Missing) -> str:
    """What is missing, in the few words that a table has room for."""
    if missing is RELAY_IN_CAPSULE:
        return "host only"
    if missing is NO_RECIPE:
        return "explained only"
    return "netns only" if missing.what.endswith(" in Kubernetes") else missing.what.removeprefix("kernel feature ")


def _needs(places: list[Readiness], whole: bool) -> str:
    """What a place lacks for every mode, then (``whole``, or where there is nothing else) what modes need beyond that."""
    by_mode = {place.mode: [_short(m) for m in place.missing if not m.what.endswith(" in Kubernetes")]
               for place in places if NO_RECIPE not in place.missing}
    shared = [what for what in next(iter(by_mode.values()), []) if all(what in needs for needs in by_mode.values())]
    more: dict[str, list[str]] = {}
    for mode, needs in by_mode.items():
        if also := [what for what in needs if what not in (*shared, "host only")]:
            more.setdefault(", ".join(also), []).append(mode)
    said = "; ".join(f"{also} for {', '.join(modes)}" for also, modes in more.items()) if whole or not shared else ""
    return ", ".join(shared) + (f" ({'and ' if shared else ''}{said})" if said else "")


def _remedies(places: list[Readiness]) -> dict[str, list[str]]:
    """What to do about each thing that is missing somewhere, once."""
    found: dict[str, list[str]] = {}
    for missing in dict.fromkeys(m for place in places for m in place.missing):
        hows = found.setdefault(_short(missing), [])
        if missing.how not in hows:
            hows.append(missing.how)
    return found


def _next(places: list[Readiness]) -> str:
    """The command that makes sense now."""
    able = [place.mode for place in places if place.ready and place.lab in table.AUTOMATIC]
    return f"invoke experiment {able[0]}" if able else "invoke setup"


def _say(text: str) -> None:
    for line in textwrap.wrap(text, max(WIDTH, console.width), subsequent_indent="  ", break_long_words=False,
                              break_on_hyphens=False):
        console.print(line, markup=False)
