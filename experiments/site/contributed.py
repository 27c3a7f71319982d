"""What other people's machines gave, apart from the site's own figures: ratios only, with host and protocol, oddities marked.

A contributed number can be a lie that no check finds (docs/method/trust.md). So it never stands first, is never pooled, and
stands beside what all other hosts gave to the same question. Absolute figures of two machines say nothing about two modes;
the ratio to the same machine's own baseline may.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.results import questions, words
from experiments.site.campaign_pages import Card, Ratio, ResultCard
from experiments.variant import Variant

REFERENCE = "reference"
# How far beyond the others' range a ratio may lie, as a part of it. The wire is counted, not timed.
BEYOND = {"wire": 0.005}
BEYOND_OTHERWISE = 0.10


@dataclass(frozen=True)
class ContributedLine:
    """One ratio of a contributed campaign; ``odd`` says how it stands apart from all other hosts', if it does."""

    card: Card
    result: ResultCard
    ratio: Ratio
    odd: str


def is_contributed(card: Card) -> bool:
    """Whether a campaign is neither this machine's nor one that a maintainer has signed off."""
    return not card.local and card.purpose != REFERENCE


def lines(cards: Iterable[Card], mode: str = "") -> list[ContributedLine]:
    """Every ratio of every contributed campaign that counts, of one mode or of all, by view, mode, host, newest first."""
    published = [card for card in cards if not card.local and not card.flaw]
    given: dict[tuple[Variant, str, str], list[tuple[str, Ratio]]] = {}
    for card in published:
        for result in card.results:
            for ratio in result.ratios:
                given.setdefault((result.variant, ratio.key, card.protocol), []).append((card.host, ratio))
    found = [
        ContributedLine(card, result, ratio, _odd(card.host, ratio, given[result.variant, ratio.key, card.protocol]))
        for card in reversed(published) if is_contributed(card)
        for result in card.results if not mode or result.variant.mode == mode for ratio in result.ratios
    ]
    return sorted(found, key=lambda line: (questions.place(line.ratio.view), line.ratio.key, line.result.variant,
                                           line.card.host))


def _odd(host: str, ratio: Ratio, given: Iterable[tuple[str, Ratio]]) -> str:
    """How a ratio stands apart from those that all other hosts gave to the same question by the same protocol."""
    others = [(other, one) for other, one in given if other != host]
    if not others:
        return "no other host yet"
    low, high = min(one.low for _, one in others), max(one.high for _, one in others)
    beyond = 1 + BEYOND.get(ratio.view, BEYOND_OTHERWISE)
    if low / beyond <= ratio.median <= high * beyond:
        return ""
    hosts = len({other for other, _ in others})
    return f"anomaly: outside of what {hosts} other host{'s' if hosts > 1 else ''} gave, {words.span(low, high, 'ratio')}"
