"""What is made from one campaign alone: its card, its pages, its trials as tables, a copy of its files.

Where there are many, as many processes make them as there are processors: each campaign is a fifth of a second of work that
needs none of the others.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import jinja2

from experiments.catalog import Mode
from experiments.errors import UserError
from experiments.results import store
from experiments.results.standing import Standing
from experiments.results.store import Stored
from experiments.results.validate import validate_alone
from experiments.site import campaign_pages, tables
from experiments.site.campaign_pages import Card
from experiments.site.templating import environment

CARD, PAGES, TRIALS, FILES = "card.json", "pages.json", "trials", "files"
MANY = 16  # campaigns from which it is worth to start processes, which takes a second


@dataclass(frozen=True)
class Wanted:
    """A campaign of which something changed: where it lies, where what is made of it goes, and under which key."""

    folder: Path
    place: Path
    key: str
    local: bool


@dataclass(frozen=True)
class _Tools:
    """What every process needs for each of them."""

    jinja: jinja2.Environment
    modes: Mapping[str, Mode]
    said: Standing


_tools: list[_Tools] = []  # of a process that was started for this; empty in every other


def make(
    wanted: Sequence[Wanted], templates: Path, jinja: jinja2.Environment, modes: Mapping[str, Mode], said: Standing
) -> list[Card]:
    """Make all of them; their cards, in the same order.

    Raises:
        UserError: a result file is broken.
    """
    workers = len(os.sched_getaffinity(0))
    if len(wanted) < MANY or workers < 2:
        return [_one(one, jinja, modes, said) for one in wanted]
    # Not forked: MkDocs has threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _prepare, (templates, dict(modes), said)) as pool:
        return list(pool.map(_in_process, wanted, chunksize=4))


def _prepare(templates: Path, modes: Mapping[str, Mode], said: Standing) -> None:
    _tools.append(_Tools(environment(templates), modes, said))


def _in_process(wanted: Wanted) -> Card:
    return _one(wanted, _tools[0].jinja, _tools[0].modes, _tools[0].said)


def _one(wanted: Wanted, jinja: jinja2.Environment, modes: Mapping[str, Mode], said: Standing) -> Card:
    folder, place = wanted.folder, wanted.place
    # Not this machine's name: the same files make the same pages everywhere. Nor all others beside it: with a thousand
    # campaigns each would be compared a thousand times; `invoke validate` compares all of them once. Whether it is a
    # reference, its card says.
    report, stored = validate_alone(folder)
    errors, stored = report.errors, stored or Stored(folder, *store.read_campaign(folder))
    if stored.campaign.id != folder.name:  # its pages would stand in the place of another campaign's
        raise UserError(f"{folder / store.CAMPAIGN_FILE}: id is '{stored.campaign.id}', the folder is '{folder.name}'.",
                        "They must be equal: rename the folder.")
    flaw = f"{errors[0].file.name}: {errors[0].key}: {errors[0].text}" if errors else ""
    card = campaign_pages.card(modes, stored, said, local=wanted.local, flaw=flaw)
    rows = tables.trial_rows(stored.campaign, stored.results)
    place.mkdir(parents=True, exist_ok=True)
    (place / CARD).unlink(missing_ok=True)  # what follows is half-made until there is a card again
    store.atomic_write(place / PAGES, json.dumps(campaign_pages.pages(jinja, modes, stored, card, said)).encode())
    store.atomic_write(place / f"{TRIALS}.csv", tables.as_csv(rows).encode())
    store.atomic_write(place / f"{TRIALS}.json", tables.as_json(rows).encode())
    _publish(stored, place / FILES)
    store.atomic_write(place / CARD, json.dumps({"key": wanted.key, "card": asdict(card)}).encode())
    return card


def _publish(stored: Stored, place: Path) -> None:
    """What visitors can fetch of a campaign: its values as Podpath writes them, and the raw outputs that its trials name.

    Nothing else that lies in the folder gets onto the site, and no text that is no value (a comment).
    """
    shutil.rmtree(place, ignore_errors=True)
    (place / "raw").mkdir(parents=True)
    (place / store.CAMPAIGN_FILE).write_text(store.text_of(stored.campaign), encoding="utf-8")
    for result in stored.results:
        store.mode_path(place, result).write_text(store.text_of(result), encoding="utf-8")
    for trial in (trial for result in stored.results for deployment in result.deployments for trial in deployment.trials):
        if trial.raw is not None:
            with suppress(UserError):  # one that is missing or was changed is nobody's output; `validate` says so
                (place / trial.raw["path"]).write_bytes(store.packed_raw(stored.folder, trial.id, trial.raw))
