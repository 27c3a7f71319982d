"""The fragments that come from the limit model instead of from results: pure, like ``experiments.site.render``.

``model-encapsulation``, ``model-stacks``, ``model-mtu``, ``model-limits``, ``model-history`` and ``model-note-2018`` are
pulled into the pages by ``--8<-- "model-limits.md"``.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from experiments.catalog import Mode, limits
from experiments.catalog.limits import HISTORY, Limit, Nearness
from experiments.results import words
from experiments.results.reported_model import Reported
from experiments.site import stacks

# The products that the note of 2018 measured, and the lines of the model that can be meant by each.
NOTE_LINES = {"Calico": ("Host", "Calico BGP", "Calico IPIP"), "Weave Net": ("Weave fast", "Weave sleeve")}

UNDERLAYS = (1460, 1500, 9000, 9001)  # Google Cloud's default, Ethernet, jumbo frames, Amazon EC2's default


@dataclass(frozen=True)
class Line:
    """A line of the model as a page shows it; ``page`` leads to the mode."""

    limit: Limit
    title: str
    page: str = ""
    note: str = ""

    @property
    def goodput(self) -> str:
        """The limit on 1 Gbit/s Ethernet."""
        return words.quantity(self.limit.goodput_bps(), "bit/s")

    @property
    def percent(self) -> str:
        """The share of the wire that is payload."""
        return words.figures(100 * self.limit.efficiency)


@dataclass(frozen=True)
class NoteLine:
    """One figure of the note beside the lines that can be meant."""

    product: str
    mbit: int
    near: Sequence[Nearness]
    highest: Limit  # of the product's lines
    packets_per_s: tuple[int, int]  # full-size packets at the product's largest and smallest payload


def fragments(
    jinja: jinja2.Environment, modes: Mapping[str, Mode], variants: Mapping[str, Mode], note: Reported, captured: Container[str]
) -> dict[str, str]:
    """The rendered fragments by the name of their file in ``generated/``; ``note`` is what the post of 2018 reported.

    ``captured`` are the modes of which a result holds a packet."""
    values: Mapping[str, Mapping[str, Any]] = {
        "model-encapsulation": {"modes": list(modes.values())},
        "model-stacks": {"packets": stacks.wholes([*modes.values(), *variants.values()], captured),
                         "names": stacks.named(mode.headers for mode in (*modes.values(), *variants.values()))},
        "model-mtu": {"modes": list(modes.values()), "variants": list(variants.values()), "underlays": UNDERLAYS},
        "model-limits": {"lines": list(_lines(modes.values()))},
        "model-history": {"lines": [Line(line, line.name) for line in HISTORY]},
        "model-note-2018": {"readings": list(readings(note))},
    }
    return {f"{name}.md": jinja.get_template(f"{name}.md.j2").render(**named) for name, named in values.items()}


def _lines(modes: Iterable[Mode]) -> Iterable[Line]:
    """The baseline, each mode, and each mode's other MTUs."""
    yield Line(limits.BASELINE, "Host to host, the baseline")
    for mode in modes:
        yield Line(limits.limit(mode), mode.short_title, f"modes/{mode.name}.html")
        for variant, line in zip(mode.mtu.variants, limits.variants(mode), strict=True):
            yield Line(line, mode.short_title, f"modes/{mode.name}.html", variant.when)


def readings(note: Reported) -> Iterable[NoteLine]:
    """Each figure of the note with the lines of its product within three per cent, impossible ones too."""
    for product, words_of_lines in NOTE_LINES.items():
        figures = sorted((round(f.goodput_bps / 1e6) for f in note.figures if f.setup.startswith(product)), reverse=True)
        lines = [line for line in HISTORY if any(words in line.name for words in words_of_lines)]
        sizes = [line.payload_bytes for line in lines]
        for mbit in figures:
            packets = tuple(round(mbit * 1e6 / 8 / size) for size in (max(sizes), min(sizes)))
            yield NoteLine(product, mbit, limits.near(mbit * 1e6, lines), max(lines, key=lambda line: line.efficiency),
                          (packets[0], packets[1]))
