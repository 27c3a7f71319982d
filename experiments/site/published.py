"""What others published as tables: a line a setup, a column for each protocol and number of streams. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import jinja2

from experiments.results.reported_model import Figure, Reported


@dataclass(frozen=True)
class Table:
    """A publication's figures, ready to be shown: gigabits for a network of more than 10 Gbit/s, else megabits."""

    reported: Reported
    columns: tuple[str, ...]
    lines: tuple[tuple[str, str, tuple[str, ...]], ...]  # setup, pod MTU, a figure a column
    unit: str


def table(reported: Reported) -> Table:
    """The figures by setup; a combination that was not published is empty."""
    columns = list(dict.fromkeys((figure.protocol, figure.streams) for figure in reported.figures))
    setups = list(dict.fromkeys((figure.setup, figure.pod_mtu_bytes) for figure in reported.figures))
    found = {((f.setup, f.pod_mtu_bytes), (f.protocol, f.streams)): f for f in reported.figures}
    large = max((figure.goodput_bps for figure in reported.figures), default=0.0) > 10e9
    lines = tuple(
        (setup, str(mtu or ""), tuple(_shown(found.get(((setup, mtu), column)), large) for column in columns))
        for setup, mtu in setups
    )
    return Table(reported, tuple(_title(*column) for column in columns), lines, "Gbit/s" if large else "Mbit/s")


def _title(protocol: str, streams: int | None) -> str:
    count = f", {streams} stream{'s' if streams != 1 else ''}" if streams else ""
    return protocol.upper() + count


def _shown(figure: Figure | None, large: bool) -> str:
    if figure is None:
        return ""
    return f"{figure.goodput_bps / 1e9:,.1f}" if large else f"{figure.goodput_bps / 1e6:,.0f}"


def fragments(jinja: jinja2.Environment, published: Iterable[Reported]) -> dict[str, str]:
    """The rendered tables by the name of their file in ``generated/``."""
    template = jinja.get_template("published.md.j2")
    return {f"published-{reported.id}.md": template.render(table=table(reported)) for reported in published}
