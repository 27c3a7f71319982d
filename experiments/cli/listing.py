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
    for what, how in dict.fromkeys((m.what, m.how) for place in places if place.lab == "netns" for m in place.missing):
        console.print(f"{what}: {how}", markup=False)
    first = places[0].mode
    for place in (p for p in places if p.mode == first and p.lab != "netns"):
        state = "ready" if place.ready else "needs " + ", ".join(missing.what for missing in place.missing)
        where = " in the capsule" if place.kernel == "uml" else ""
        console.print(f"{place.lab}{where}: {state}", markup=False)


def _cell(place: Readiness) -> str:
    return "ready" if place.ready else "needs " + escape(", ".join(missing.what for missing in place.missing))
