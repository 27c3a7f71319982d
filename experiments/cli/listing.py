"""``invoke list``: modes against labs and kernels."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.markup import escape
from rich.table import Table

from experiments import catalog
from experiments.cli.progress import console
from experiments.errors import UserError
from experiments.preflight import Readiness, readiness


def run_list(*, format: str = "table") -> None:
    """Print, mode by mode and place by place, ``ready`` or what is missing.

    Raises:
        UserError: the format is neither ``table`` nor ``json``.
    """
    places = [place for name in catalog.load() for place in readiness(name)]
    if format == "json":
        print(json.dumps([{**asdict(place), "ready": place.ready} for place in places], indent=2))
    elif format == "table":
        _print_table(places)
    else:
        raise UserError(f"Unknown format '{format}'.", "Formats: table, json.")


def _print_table(places: list[Readiness]) -> None:
    """The embedded lab mode by mode; the labs with containers, which lack the same for every mode, in a line each."""
    table = Table(title="Modes in the embedded lab (netns)", title_justify="left")
    table.add_column("mode", no_wrap=True)
    for title in ("on the host's kernel", "in the capsule (User-Mode Linux)"):
        table.add_column(title)
    for name in dict.fromkeys(place.mode for place in places):
        here = {place.kernel: place for place in places if place.mode == name and place.lab == "netns"}
        table.add_row(name, _cell(here["host"]), _cell(here["uml"]))
    console.print(table)
    for lab, kernel in dict.fromkeys((place.lab, place.kernel) for place in places if place.lab != "netns"):
        _print_lab([place for place in places if (place.lab, place.kernel) == (lab, kernel)])
    for what, how in dict.fromkeys((m.what, m.how) for place in places for m in place.missing):
        console.print(f"{what}: {how}", markup=False)


def _print_lab(places: list[Readiness]) -> None:
    """A lab with containers: what it lacks for every mode, then what some modes need beyond that."""
    shared = [m for m in places[0].missing if all(m in place.missing for place in places)]
    where = " in the capsule" if places[0].kernel == "uml" else ""
    state = "needs " + ", ".join(m.what for m in shared) if shared else "ready"
    console.print(f"{places[0].lab}{where}: {state}", markup=False)
    for place in places:
        if more := [m.what for m in place.missing if m not in shared]:
            console.print(f"  {place.mode}: needs {'also ' if shared else ''}{', '.join(more)}", markup=False)


def _cell(place: Readiness) -> str:
    return "ready" if place.ready else "needs " + escape(", ".join(missing.what for missing in place.missing))
