"""The drawings of one result: what its deployments gave beside baseline and limit, and its round trips by percentile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import jinja2
from markupsafe import Markup

from experiments.catalog import Mode
from experiments.results import questions
from experiments.results.model import ModeResult
from experiments.results.store import Stored
from experiments.results.summary import Aggregate, aggregates
from experiments.site import badges, figures
from experiments.site.cells import first_trial, limit, what
from experiments.site.figures import Given
from experiments.variant import EMBEDDED

# What each view's drawing is called; a view without a line here is called by its name alone.
TITLES = {"wire": "What the wire leaves for payload", "link": "TCP goodput over an emulated link",
          "speed": "TCP goodput without a limit", "cost": "Processor time for each gigabit",
          "latency": "Round trips of small messages", "setup": "Short connections"}


def of_result(jinja: jinja2.Environment, mode: Mode, stored: Stored, result: ModeResult) -> Iterator[Markup]:
    """A drawing for each view: percentiles as lines where the view has them, else a row for each question."""
    everything = [one for one in aggregates(result) if one.values]
    badge = badges.badge(mode, result)
    where = "" if result.lab == EMBEDDED else f" ({result.lab} lab)"
    for view in dict.fromkeys(one.view for one in everything):
        title = f"{mode.title}{f' ({badge})' if badge else ''}: {TITLES.get(view, questions.view(view))}{where}"
        identity = f"{mode.name}-{stored.campaign.id}-{result.variant.anchor}-{view}"
        of_view = [one for one in everything if one.view == view]
        labels, shared = labelled(of_view)
        title += f", {shared}" if shared else ""
        if figures.COLUMNS.keys() & of_view[0].values.keys():
            drawn = figures.percentiles(title, [(labels[one.key], _medians(one)) for one in of_view])
            if drawn:
                yield Markup(jinja.get_template("lines.svg.j2").render(plot=drawn, identity=identity))
        else:
            yield strips(jinja, title, identity, mode, result, of_view, labels)


def strips(
    jinja: jinja2.Environment, title: str, identity: str, mode: Mode, result: ModeResult, of_view: Sequence[Aggregate],
    labels: Mapping[str, str],
) -> Markup:
    """A row for each question of a view, in the unit of the first: those of one view share it."""
    measure = of_view[0].shown
    rows = []
    for one in (each for each in of_view if each.shown == measure):
        _, trial = first_trial(result, one)
        own = one.path == "pod-pod"
        rows.append(Given(labels[one.key], list(one.values[measure].values()), limit(mode if own else None, one, trial)))
    plot = figures.plot(title, figures.unit(measure), figures.better(measure), rows)
    return Markup(jinja.get_template("plot.svg.j2").render(plot=plot, identity=identity, kind=""))


def labelled(cells: Sequence[Aggregate]) -> tuple[dict[str, str], str]:
    """Each cell's label by its key, path first, without what all of them share; and that, which belongs into the title."""
    parts = {one.key: what(one).split(", ") for one in cells}
    shared = [part for part in next(iter(parts.values())) if all(part in own for own in parts.values())]
    return {one.key: ", ".join([questions.PATHS.get(one.path, one.path),
                                *(part for part in parts[one.key] if part not in shared)]) for one in cells}, ", ".join(shared)


def _medians(one: Aggregate) -> dict[str, float]:
    """The median over the deployments of each percentile."""
    return {name: found.median for name in figures.COLUMNS if (found := one.estimate(name)) is not None}
