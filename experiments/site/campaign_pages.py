"""The pages of one campaign: an overview, and one a mode with every trial, attestation and transcript.

They are bodies only. There may be thousands, so MkDocs does not build them: :mod:`experiments.site.frame` puts each into
the page that MkDocs built once. With them comes a card: what the pages about many campaigns say of this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jinja2

from experiments.catalog import Mode
from experiments.probes import noise
from experiments.results import questions
from experiments.results.model import ModeResult, Trial
from experiments.results.standing import Record, Standing
from experiments.results.store import Stored, mode_path
from experiments.results.summary import aggregates, measures
from experiments.site import badges, campaign_words, cells, entries, figures, remarks
from experiments.variant import Variant

REFUSED = "not valid"  # the status of what `validate` refuses, whatever the file says
WITHDRAWN = "withdrawn"  # … and of what a record takes back
NOISE = dict(zip(noise.KEYS, ("canary", "steal", "load", "pressure"), strict=True))
HEADLINES = ("link", "speed")  # what the list of a mode's other campaigns shows: one stream, native segments


@dataclass(frozen=True)
class Ratio:
    """What a result's pods reached, over its own baseline: all of it that may be put beside another machine's."""

    key: str
    view: str
    what: str
    anchor: str  # the first of its trials, on the result's page
    deployments: int
    median: float
    low: float
    high: float
    caveats: tuple[str, ...] = ()  # what has been found out about it since it was stored


@dataclass(frozen=True)
class ResultCard:
    """One mode's result in a line. Of one that was withdrawn no figure is told."""

    variant: Variant
    deployments: int
    failures: int
    page: str
    figures: tuple[Mapping[str, str], ...]  # of entries.Row, one for each headline there is
    ratios: tuple[Ratio, ...] = ()
    withdrawn: bool = False
    badge: str = ""  # whose program moved the packets


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
    flaw: str = ""  # why `validate` refuses it, or why it was withdrawn
    host: str = ""
    remarks: tuple[str, ...] = ()  # what has been found out since


def card(
    modes: Mapping[str, Mode], stored: Stored, standing: Standing, *, local: bool, flaw: str = ""
) -> Card:
    """What other pages say of a campaign; of one with a ``flaw`` (why `validate` refuses it) they tell no figure.

    A campaign is a reference only where a maintainer has signed it off; what it calls itself does not count. Of this
    machine's own nobody else has said anything.
    """
    campaign, said = stored.campaign, Standing() if local else standing
    records = said.of(campaign.id)
    taken_back = next((remarks.sentence(record) for record in records if remarks.takes_back(record)), "")
    flaw = flaw or taken_back
    purpose = campaign.purpose if local or said.is_reference(campaign) else "contribution"
    return Card(
        campaign.id, local, purpose, WITHDRAWN if taken_back else REFUSED if flaw else campaign.status, campaign.started_at,
        campaign.finished_at or "", str(campaign.protocol.get("profile", "")), str(campaign.protocol.get("id", "")),
        tuple(_result_card(None if flaw else modes.get(result.mode), stored, result, records) for result in stored.results),
        flaw, str(campaign.host.get("slug", "")), tuple(map(remarks.sentence, records)),
    )


def _result_card(mode: Mode | None, stored: Stored, result: ModeResult, records: Sequence[Record]) -> ResultCard:
    withdrawn = any(remarks.takes_back(record, result.variant.name) for record in records)
    rows = entries.rows(mode, stored, result, records) if mode and not withdrawn else ()
    first = [next((row for row in rows if row.view == view), None) for view in HEADLINES]
    good = len(result.good)
    return ResultCard(result.variant, good, len(result.deployments) - good,
                      entries.page_name(stored.campaign.id, result.variant), tuple(asdict(row) for row in first if row),
                      tuple(_ratios(result, records)) if rows else (), withdrawn,
                      badges.badge(mode, result) if mode else "")


def _ratios(result: ModeResult, records: Sequence[Record]) -> Iterator[Ratio]:
    for cell in aggregates(result):
        found = cell.ratio(cell.shown) if cell.path == "pod-pod" else None
        _, trial = cells.first_trial(result, cell)
        if found is not None and trial is not None:
            caveats = remarks.about_cell(records, result.variant.name, cell.key)
            yield Ratio(cell.key, cell.view, cells.what(cell), trial.id, found.n, found.median, found.low, found.high,
                        caveats)


def card_from(plain: Mapping[str, Any]) -> Card:
    """A card from what ``dataclasses.asdict`` made of it."""
    results = tuple(
        ResultCard(**{**one, "variant": Variant(**one["variant"]), "figures": tuple(one["figures"]),
                      "ratios": tuple(Ratio(**{**ratio, "caveats": tuple(ratio["caveats"])}) for ratio in one["ratios"])})
        for one in plain["results"])
    return Card(**{**plain, "results": results, "remarks": tuple(plain["remarks"])})


def pages(
    jinja: jinja2.Environment, modes: Mapping[str, Mode], stored: Stored, card: Card, standing: Standing
) -> dict[str, dict[str, str]]:
    """Title, description and body of each page by its name, which is without ``.html``."""
    campaign = stored.campaign
    titles = {name: mode.short_title for name, mode in modes.items()}
    parts = [(entries.page_name(campaign.id, result.variant), result) for result in stored.results]
    told = campaign_words.told(campaign, stored.results)
    every = [deployment for result in stored.results for deployment in result.deployments]
    found = {campaign.id: {
        "title": f"Campaign {campaign.id}",
        "description": f"Environment, noise floor and comparisons of the campaign {campaign.id}.",
        "body": jinja.get_template("campaign.html.j2").render(
            campaign=campaign, parts=parts, files=["campaign.yml", *(mode_path(stored.folder, r).name for r in stored.results)],
            environment=campaign_words.facts(campaign), machine=campaign_words.machine(campaign.host), card=card,
            status=f"{card.status}: {card.flaw}" if card.flaw else f"{campaign.status}.",
            summary=campaign_words.summary(told, len(every), sum(one.status != "ok" for one in every)),
            floor=list(campaign_words.baselines(campaign, stored.results)),
            drift=campaign.noise_floor.get("drift"), compared=[one for one in told if one.names], titles=titles,
        ),
    }}
    for name, result in parts:
        variant, title = result.variant, titles.get(result.mode, result.mode)
        found[name] = {
            "title": f"{title}, {variant.place_unless_usual}: {campaign.id}",
            "description": f"Every trial and attestation of {title} in the campaign {campaign.id}, {variant.place}.",
            "body": jinja.get_template("campaign-mode.html.j2").render(
                campaign=campaign, card=card, result=result, title=title, figure=_figure, noises=_noises(result), noise=_noise,
                path=lambda name: questions.PATHS.get(name, name),
                remarks=[] if card.local else list(map(remarks.sentence, standing.of(campaign.id, result.variant.name))),
                file=mode_path(stored.folder, result).name,
                phases=entries.phases(result.transcript),
            ),
        }
    return found


def _measure(trial: Trial) -> str:
    return "wire_goodput_bps" if trial.view == "wire" else measures(trial)[0]


def _noises(result: ModeResult) -> dict[str, str]:
    """What was noted of the machine during any trial, and what its column is called; nothing else that a file may hold."""
    noted = {name for deployment in result.deployments for trial in deployment.trials for name in trial.noise}
    return {name: title for name, title in NOISE.items() if name in noted}


def _noise(trial: Trial, name: str) -> str:
    """One of them: as many digits as were measured, three at most."""
    value = trial.noise.get(name, "")
    return f"{value:.3g}" if isinstance(value, int | float) else str(value)


def _figure(trial: Trial) -> str:
    value = getattr(trial, _measure(trial))
    return figures.shown(_measure(trial), value) if trial.status in ("ok", "discarded") else ""
