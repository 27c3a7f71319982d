"""The page that asks whether the lab is faithful: for each mode, ours beside its maker's own daemon, from one campaign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import jinja2

from experiments.catalog import Mode
from experiments.results import fidelity, words
from experiments.results.fidelity import BY_NATURE, Difference, Fidelity, Figure
from experiments.results.model import ModeResult
from experiments.results.store import Stored
from experiments.site import badges
from experiments.site.cells import what
from experiments.site.entries import page_name


@dataclass(frozen=True)
class Line:
    """A figure of both: ours, the maker's, and their ratio, each with the page that it is on."""

    what: str
    ours: str
    theirs: str
    ratio: str
    range: str
    floor: str
    apart: str  # yes, no, or empty where nothing says how large the noise is


@dataclass(frozen=True)
class Pair:
    """One mode's two results, compared."""

    mode: str
    title: str
    place: str
    campaign: str
    program: str  # the maker's, with its version
    deployments: int
    ours_page: str
    theirs_page: str
    found: Fidelity
    lines: tuple[Line, ...]
    same: str
    differences: tuple[Difference, ...]

    @property
    def anchor(self) -> str:
        """Where it stands on the page."""
        return f"faithful-{self.mode}"


def fragment(jinja: jinja2.Environment, stored: Sequence[Stored], modes: Mapping[str, Mode]) -> str:
    """The tables of the page, in the order of the catalogue; campaigns come with both results of each mode."""
    found = [pair for one in stored for pair in _pairs(one, modes)]
    order = list(modes)
    found.sort(key=lambda pair: order.index(pair.mode))
    return jinja.get_template("faithful.md.j2").render(pairs=found, whys=fidelity.left_out_by_reason())


def _pairs(stored: Stored, modes: Mapping[str, Mode]) -> Iterator[Pair]:
    by_variant = {result.variant: result for result in stored.results}
    for variant, theirs in by_variant.items():
        ours = next((one for other, one in by_variant.items() if not other.daemon and
                     (other.mode, other.lab, other.kernel) == (variant.mode, variant.lab, variant.kernel)), None)
        if variant.daemon and ours is not None and variant.mode in modes:
            yield _pair(stored, ours, theirs, modes[variant.mode])


def _pair(stored: Stored, ours: ModeResult, theirs: ModeResult, mode: Mode) -> Pair:
    found = fidelity.compare(ours, theirs, stored.campaign.noise_floor)
    same = ", ".join(f"{kind} {len(sets.both)}" for kind, sets in (("attestations", found.checks), *found.tables.items()))
    return Pair(
        mode.name, mode.short_title, ours.variant.place_unless_usual, stored.campaign.id, badges.badge(mode, theirs),
        min(len(result.good) for result in (ours, theirs)),
        page_name(stored.campaign.id, ours.variant), page_name(stored.campaign.id, theirs.variant), found,
        tuple(map(line, found.figures)), same, tuple(_differences(found)),
    )


def line(figure: Figure) -> Line:
    """A compared figure as a row of a table."""
    one = figure.aggregate
    between = ("" if figure.low is None or figure.high is None
               else f"{words.figures(figure.low)} to {words.figures(figure.high)}")
    apart = "" if figure.within is None else "yes" if figure.apart else "no"
    return Line(f"{one.view}, {what(one)}", words.figures(figure.ours), words.figures(figure.theirs),
                words.figures(figure.ratio, 4), between, "" if figure.floor is None else words.percent(figure.floor), apart)


def _differences(found: Fidelity) -> Iterator[Difference]:
    """All that only one of the two has, or has otherwise, but for what names the program."""
    yield from found.packet
    yield from found.checks_apart
    for kind, sets in (("attestation", found.checks), *found.tables.items()):
        yield from (Difference(kind, entry, "") for entry in sorted(sets.only_ours) if entry.split(" ")[0] not in BY_NATURE)
        yield from (Difference(kind, "", entry) for entry in sorted(sets.only_theirs) if entry.split(" ")[0] not in BY_NATURE)
