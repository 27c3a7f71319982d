"""What a reviewer is given of a proposed campaign, as one page: what it adds, environment, noise, ratios, pictures.

Everything in it may come from a stranger: it goes through Jinja, which escapes it, and of its own the page has no script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2

from experiments.catalog import Mode
from experiments.results import lookup, proposal, store, words
from experiments.results.checks.report import Report
from experiments.results.fidelity import is_beside_makers
from experiments.results.store import Stored
from experiments.results.summary import Aggregate
from experiments.site.campaign_words import facts
from experiments.site.entries import entries

MOST = 200  # findings that are listed


@dataclass(frozen=True)
class Beside:
    """One ratio beside that of another campaign; empty where no other has it."""

    result: str
    question: str
    here: str
    there: str = ""
    quotient: str = ""
    other: str = ""


def page(
    jinja: jinja2.Environment, modes: Mapping[str, Mode], title: str, report: Report, stored: Stored | None, merged: Path
) -> str:
    """The page; without a campaign that can be read (``stored``) only what was found. ``merged`` is data/campaigns."""
    named = {} if stored is None else {
        "environment": list(proposal.environment(stored.campaign.host)), "facts": facts(stored.campaign),
        "noise": list(proposal.noise(stored.campaign.noise_floor)), "beside": list(beside(stored, merged)),
        "plots": [plot for mode in modes.values() for entry in entries(jinja, mode, [stored], local=False)
                  for plot in entry.plots],
    }
    return jinja.get_template("report.html.j2").render(title=title, report=report, stored=stored, most=MOST, **named)


def beside(stored: Stored, merged: Path) -> Iterator[Beside]:
    """Each headline ratio, and the same one of another campaign: of the newest reference that has it, else of the newest."""
    others = [Stored(folder, *store.read_campaign(folder)) for folder in lookup.newest_first([merged])
              if folder.name != stored.campaign.id]
    others.sort(key=lambda other: (other.campaign.purpose != "reference", is_beside_makers(other.results)))
    known = [(other.campaign.id, proposal.ratios(other)) for other in others]
    for name, found in proposal.ratios(stored).items():
        for key, cell in found.items():
            here = _median(cell)
            there = next(((identity, _median(ratios[name][key])) for identity, ratios in known
                          if key in ratios.get(name, {})), None)
            question = proposal.HEADLINES[key]
            if there is None:
                yield Beside(name, question, words.figures(here))
            else:
                quotient = words.figures(here / there[1]) if there[1] else ""
                yield Beside(name, question, words.figures(here), words.figures(there[1]), quotient, there[0])


def _median(cell: Aggregate) -> float:
    found = cell.ratio(cell.shown)
    assert found is not None  # only cells that have one are asked for it
    return found.median
