"""The pages of one campaign: an overview, and one a mode with every trial, attestation and transcript.

They are bodies only. There may be thousands, so MkDocs does not build them: :mod:`experiments.site.frame` puts each into
the page that MkDocs built once. With them comes a card: what the pages about many campaigns say of this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jinja2

from experiments.catalog import Mode
from experiments.results.comparison import Comparison, compare
from experiments.results.model import ModeResult, Trial
from experiments.results.store import Stored, mode_path
from experiments.results.summary import cells, measures
from experiments.site import entries, figures
from experiments.variant import Variant

REFUSED = "not valid"  # the status of what `validate` refuses, whatever the file says
HEADLINES = ("link", "speed")  # what the list of a mode's other campaigns shows: one stream, native segments


@dataclass(frozen=True)
class ResultCard:
    """One mode's result in a line."""

    variant: Variant
    deployments: int
    failures: int
    page: str
    figures: tuple[Mapping[str, str], ...]  # of entries.Row, one for each headline there is


@dataclass(frozen=True)
class Card:
    """One campaign in a line; plain values, so that it can be kept as JSON."""

    id: str
    local: bool
    purpose: str
    status: str
    started_at: str
    finished_at: str
    profile: str
    protocol: str
    results: tuple[ResultCard, ...]
    flaw: str = ""  # why `validate` refuses it


def card(modes: Mapping[str, Mode], stored: Stored, *, local: bool, flaw: str = "") -> Card:
    """What other pages say of a campaign; of one with a ``flaw`` (why `validate` refuses it) they tell no figure."""
    campaign = stored.campaign
    return Card(
        campaign.id, local, campaign.purpose, REFUSED if flaw else campaign.status, campaign.started_at,
        campaign.finished_at or "",
        str(campaign.protocol.get("profile", "")), str(campaign.protocol.get("id", "")),
        tuple(_result_card(None if flaw else modes.get(result.mode), stored, result) for result in stored.results), flaw,
    )


def _result_card(mode: Mode | None, stored: Stored, result: ModeResult) -> ResultCard:
    rows = entries.rows(mode, stored, result) if mode else ()
    first = [next((row for row in rows if row.view == view), None) for view in HEADLINES]
    good = sum(deployment.status == "ok" for deployment in result.deployments)
    return ResultCard(result.variant, good, len(result.deployments) - good,
                      entries.page_name(stored.campaign.id, result.variant), tuple(asdict(row) for row in first if row))


def card_from(plain: Mapping[str, Any]) -> Card:
    """A card from what ``dataclasses.asdict`` made of it."""
    results = tuple(ResultCard(**{**one, "variant": Variant(**one["variant"]), "figures": tuple(one["figures"])})
                    for one in plain["results"])
    return Card(**{**plain, "results": results})


def pages(jinja: jinja2.Environment, stored: Stored, *, local: bool, flaw: str = "") -> dict[str, dict[str, str]]:
    """Title, description and body of each page by its name, which is without ``.html``."""
    campaign = stored.campaign
    parts = [(entries.page_name(campaign.id, result.variant), result) for result in stored.results]
    facts = [(f"{group}: {name}", _flat(value))
             for group, values in (("host", campaign.host), ("network", campaign.network),
                                   ("software", campaign.software), ("protocol", campaign.protocol),
                                   ("generator", campaign.generator))
             for name, value in values.items()]
    found = {campaign.id: {
        "title": f"Campaign {campaign.id}",
        "description": f"Environment, noise floor and comparisons of the campaign {campaign.id}.",
        "body": jinja.get_template("campaign.html.j2").render(
            campaign=campaign, parts=parts, files=["campaign.yml", *(mode_path(stored.folder, r).name for r in stored.results)],
            environment=facts, local=local, status=f"{REFUSED}: {flaw}" if flaw else f"{campaign.status}.",
            floor=[(name, entry) for name, entry in campaign.noise_floor.items()
                   if isinstance(entry, Mapping) and "measure" in entry],
            drift=campaign.noise_floor.get("drift"), compared=_compared(stored.results),
        ),
    }}
    for name, result in parts:
        variant = result.variant
        found[name] = {
            "title": f"{result.mode}, {variant.place_unless_usual}: {campaign.id}",
            "description": f"Every trial and attestation of {result.mode} in the campaign {campaign.id}, {variant.place}.",
            "body": jinja.get_template("campaign-mode.html.j2").render(
                campaign=campaign, result=result, figure=_figure, file=mode_path(stored.folder, result).name,
                unit=lambda trial: figures.unit(_measure(trial)), phases=entries.phases(result.transcript),
            ),
        }
    return found


def _compared(results: Sequence[ModeResult]) -> list[Comparison]:
    """The campaign's modes by each question that two of them answered in the same lab on the same kernel."""
    asked = [(result.lab, result.kernel, cell.key) for result in results for cell in cells(result) if cell.path == "pod-pod"]
    return [compare(results, key, lab=lab, kernel=kernel) for lab, kernel, key in dict.fromkeys(asked)
            if asked.count((lab, kernel, key)) > 1]


def _measure(trial: Trial) -> str:
    return "wire_goodput_bps" if trial.view == "wire" else measures(trial)[0]


def _figure(trial: Trial) -> str:
    value = getattr(trial, _measure(trial))
    return figures.shown(_measure(trial), value) if trial.status in ("ok", "discarded") else ""


def _flat(value: Any) -> str:
    """A fact as one line of text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_flat(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_flat(inner) for inner in value)
    return str(value)
