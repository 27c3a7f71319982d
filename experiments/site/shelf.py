"""All campaigns, read once: what has not changed since the last rendering is taken from ``generated/campaigns/``.

A folder there holds what is made from one campaign alone (its card, its pages, its trials as tables, a copy of its files) and
the key it was made under: the names, sizes and times of its files, a digest of the code and templates that made it, and what
the catalogue says of the modes that it names. With a thousand campaigns on the disk, only those that a mode's page shows in
full are parsed again, and a new mode changes none of them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import jinja2

from experiments.catalog import Mode
from experiments.errors import UserError
from experiments.paths import PACKAGE
from experiments.results import standing, store, yamlfile
from experiments.results.standing import Standing
from experiments.results.store import Stored
from experiments.site import campaign_build, campaign_pages, contributed
from experiments.site.campaign_build import CARD, Wanted
from experiments.site.campaign_pages import Card, ResultCard
from experiments.variant import UPSTREAM, Variant

BELOW = "generated/campaigns"
CONTRIBUTED = "campaigns"
SOURCES = {"local": True, CONTRIBUTED: False}  # folders of data/, and whether they are this machine's own


@dataclass(frozen=True)
class Shelf:
    """All campaigns by their cards, oldest first; the chosen ones whole; how many folders were made anew or removed.

    ``standing`` is what maintainers say of them. ``pairs`` are references with both results of a mode: ours and its maker's.
    """

    cards: tuple[Card, ...]
    reference: tuple[Stored, ...]
    local: tuple[Stored, ...]
    changed: int
    removed: int
    standing: Standing = field(default_factory=Standing)
    pairs: tuple[Stored, ...] = ()


def update(root: Path, jinja: jinja2.Environment, modes: Mapping[str, Mode]) -> Shelf:
    """Bring ``generated/campaigns/`` below ``root`` up to date.

    Raises:
        UserError: a result file is broken.
    """
    said = standing.read(root / "data")
    code = _digest_of_code(root)
    described = {name: hashlib.sha256(repr(mode).encode()).hexdigest() for name, mode in modes.items()}
    cards: list[Card] = []
    wanting: list[Wanted] = []
    kept = set()
    for source, local in SOURCES.items():
        for folder in folders(root, source):
            place = root / BELOW / folder.name
            kept.add(place.name)
            key = _key(folder, code, described)
            found = _kept_card(place, key)
            if found is None:
                wanting.append(Wanted(folder, place, key, local))
            else:
                cards.append(found)
    cards += campaign_build.make(wanting, root / "docs" / "templates", jinja, modes, said)
    changed, removed = len(wanting), 0
    for place in (root / BELOW).glob("*"):
        if place.name not in kept:
            shutil.rmtree(place)
            removed += 1
    cards.sort(key=lambda card: (card.started_at, card.id))
    wanted = chosen(cards)
    by_source = {source: tuple(_whole(root / "data" / source / card.id, wanted[card.id]) for card in cards
                               if card.local == local and card.id in wanted) for source, local in SOURCES.items()}
    pairs = tuple(_whole(root / "data" / CONTRIBUTED / card.id, both) for card in cards
                  if not card.local and (both := _both(card, wanted.get(card.id, set()))))
    return Shelf(tuple(cards), by_source["campaigns"], by_source["local"], changed, removed, said, pairs)


def folders(root: Path, source: str) -> list[Path]:
    """The campaigns of a folder of data/; one of this machine's own that has been contributed is there once."""
    given = {folder.name for folder in store.campaign_folders(root / "data" / CONTRIBUTED)}
    return [folder for folder in store.campaign_folders(root / "data" / source)
            if source == CONTRIBUTED or folder.name not in given]


def chosen(cards: Iterable[Card]) -> dict[str, set[Variant]]:
    """What the pages of modes show in full: campaign -> variants.

    For each mode, lab, kernel and daemon the newest reference campaign that has it; and of this machine's own results the
    newest. What was measured only to stand beside the maker's own daemon comes after what stands beside other modes. What
    others contributed is never shown in full (:mod:`experiments.site.contributed`), nor is what `validate` refuses or a record
    withdraws.
    """
    best: dict[tuple[bool, Variant], tuple[tuple[bool, bool, bool, str], str]] = {}
    for card in cards:
        variants = {result.variant for result in card.results if result.variant.daemon}
        for result in card.results if not card.flaw and (card.local or card.purpose == "reference") else ():
            if result.withdrawn:
                continue
            place = (card.local, result.variant)
            beside = _of_maker(result.variant) in variants
            rank = (card.status == "complete", result.deployments > 0, not beside, card.started_at)
            if place not in best or rank >= best[place][0]:
                best[place] = (rank, card.id)
    found: dict[str, set[Variant]] = {}
    for (_, key), (_, campaign) in best.items():
        found.setdefault(campaign, set()).add(key)
    return found


def _of_maker(ours: Variant) -> Variant:
    """The same mode at the same place, carried by its maker's own daemon."""
    return replace(ours, daemon=UPSTREAM)


def _both(card: Card, shown: Collection[Variant]) -> set[Variant]:
    """Of the results that are carried by makers' daemons and shown, those whose campaign has ours too, and these."""
    have = {result.variant for result in card.results}
    theirs = {variant for variant in shown if variant.daemon and replace(variant, daemon="") in have}
    return theirs | {replace(variant, daemon="") for variant in theirs}


def others(cards: Iterable[Card], modes: Collection[str]) -> list[tuple[Card, ResultCard]]:
    """The results of a mode and its variants that the mode's page does not show in full, the newest first.

    What others contributed stands elsewhere.
    """
    cards = list(cards)
    full = chosen(cards)
    return [(card, result) for card in reversed(cards) if not contributed.is_contributed(card) for result in card.results
            if result.variant.mode in modes and result.variant not in full.get(card.id, ())]


def _whole(folder: Path, wanted: set[Variant]) -> Stored:
    campaign, results = store.read_campaign(folder)
    return Stored(folder, campaign, [r for r in results if r.variant in wanted])


def _kept_card(place: Path, key: str) -> Card | None:
    try:
        kept = json.loads((place / CARD).read_bytes())
    except (OSError, ValueError):
        return None
    return campaign_pages.card_from(kept["card"]) if kept["key"] == key else None


def _key(folder: Path, code: str, described: Mapping[str, str]) -> str:
    """``described`` has a digest of each mode: those that a file's name or the plan names are part of the key."""
    files = [folder / store.CAMPAIGN_FILE, *store.mode_files(folder), *folder.glob("raw")]  # a folder's time: what came or went
    facts = [(file.name, (found := file.stat()).st_size, found.st_mtime_ns) for file in files]
    named = " ".join(name for name, _, _ in facts)
    with suppress(UserError):  # whoever makes its pages says what is wrong
        named += yamlfile.text_of(folder / store.CAMPAIGN_FILE)
    modes = {name: digest for name, digest in described.items() if name in named}
    return hashlib.sha256(json.dumps([code, facts, modes]).encode()).hexdigest()


def _digest_of_code(root: Path) -> str:
    code = [PACKAGE.glob("*.py"), *((PACKAGE / below).rglob("*.py") for below in ("catalog", "probes", "results", "site"))]
    said = [root / "data" / name for name in standing.FILES if (root / "data" / name).is_file()]
    files = [*chain.from_iterable(code), *said, *(root / "docs" / "templates").glob("*.j2")]
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in sorted(files))).hexdigest()
