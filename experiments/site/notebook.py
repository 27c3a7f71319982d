"""What the notebooks show with: tables and plots in the site's own form, and the newest reference campaign."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from experiments.paths import ROOT
from experiments.results import standing, store, words
from experiments.results.fidelity import is_beside_makers
from experiments.results.store import Stored
from experiments.site import figures
from experiments.site.templating import environment
from experiments.variant import EMBEDDED, HOST

THOUSAND = 1000  # from here on thousands stand apart


class HTML:
    """What a notebook's cell shows as it is; Jupyter asks for it by this method."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _repr_html_(self) -> str:
        return self._text


def table(caption: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> HTML:
    """A table; numbers stand on the right. Everything is escaped."""
    numbers = [bool(rows) and all(isinstance(value, int | float) for value in column) for column in zip(*rows, strict=True)]
    head = Markup("").join(Markup('<th scope="col"{}>{}</th>').format(Markup(' class="pp-number"') if number else "", header)
                           for header, number in zip(headers, numbers or [False] * len(headers), strict=True))
    body = Markup("").join(Markup("<tr>{}</tr>").format(Markup("").join(_cell(value) for value in row)) for row in rows)
    return HTML(str(Markup(
        '<div class="pp-scroll" tabindex="0" role="region" aria-label="{0}"><table class="pp-table"><caption>{0}</caption>'
        "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>"
    ).format(escape(caption), head, body)))


def _cell(value: object) -> Markup:
    if isinstance(value, float):
        shown = f"{value:,.0f}" if abs(value) >= THOUSAND else words.figures(value)
        return Markup('<td class="pp-number">{}</td>').format(shown)
    kind = ' class="pp-number"' if isinstance(value, int) else ""
    return Markup("<td{}>{}</td>").format(Markup(kind), value)


def strips(identity: str, title: str, measure: str, rows: Sequence[tuple[str, Sequence[float], float | None]]) -> HTML:
    """The site's strip plot: rows of label, samples and limit, in the stored unit of ``measure``."""
    drawing = environment(ROOT / "docs" / "templates").get_template("plot.svg.j2").render(
        plot=figures.plot(title, figures.unit(measure), figures.better(measure), [figures.Given(*row) for row in rows]),
        identity=f"notebook-{identity}", kind="")
    return HTML(drawing)


def reference() -> Stored | None:
    """The newest reference campaign of the embedded lab on a host's own kernel; none with what upstream's daemons gave.

    A reference is what a maintainer has signed off. None where none is stored.
    """
    said = standing.read(ROOT / "data")
    for file in sorted((ROOT / "data" / "campaigns").glob(f"*/{store.CAMPAIGN_FILE}"), reverse=True):
        if file.parent.name not in said.signed:
            continue
        stored = Stored(file.parent, *store.read_campaign(file.parent))
        if (said.is_reference(stored.campaign) and not is_beside_makers(stored.results)
                and any((result.lab, result.kernel) == (EMBEDDED, HOST) for result in stored.results)):
            return stored
    return None
