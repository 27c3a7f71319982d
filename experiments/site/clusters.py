"""What a cluster changes: a mode by Podpath's recipe between containers, beside the maker's own programs in kind.

Both labs measure with the same tool (two processes, one in each container), on the kernel of one machine. They are other
campaigns, so nothing is compared but ratios to each deployment's own baseline, and what counters say of the wire.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jinja2

from experiments.catalog import Mode
from experiments.labs.containerlab.backend import Containerlab
from experiments.labs.kind.backend import Kind
from experiments.results import fidelity
from experiments.results.model import Campaign, ModeResult
from experiments.results.store import Stored
from experiments.site import badges
from experiments.site.entries import page_name
from experiments.site.faithful import Line, line


@dataclass(frozen=True)
class Both:
    """A mode in containers and in a cluster."""

    title: str
    program: str  # the maker's, with its version
    containers_page: str
    cluster_page: str
    deployments: int  # of the one that has fewer
    lines: tuple[Line, ...]


def fragment(jinja: jinja2.Environment, stored: Sequence[Stored], modes: Mapping[str, Mode]) -> str:
    """The table, in the order of the catalogue. Of each side the newest counts; ``stored`` has the oldest first."""
    found = []
    for mode in modes.values():
        cluster = _newest(stored, mode.name, Kind.name)
        containers = cluster and _newest(stored, mode.name, Containerlab.name, beside=cluster)
        if cluster and containers:
            found.append(_both(mode, containers, cluster))
    return jinja.get_template("clusters.md.j2").render(found=found)


Place = tuple[Campaign, ModeResult]


def _newest(stored: Sequence[Stored], mode: str, lab: str, *, beside: Place | None = None) -> Place | None:
    """The newest result of a mode in a lab; ``beside``: from the machine and the kernel of that one."""
    return next(((one.campaign, result) for one in reversed(stored) for result in one.results
                 if (result.mode, result.lab, result.daemon or "") == (mode, lab, "") and result.good
                 and (beside is None or _machine(one.campaign, result) == _machine(*beside))), None)


def _machine(campaign: Campaign, result: ModeResult) -> tuple[object, ...]:
    return campaign.host.get("slug"), result.kernel


def _both(mode: Mode, containers: Place, cluster: Place) -> Both:
    noise = {**containers[0].noise_floor, **cluster[0].noise_floor}  # each names its lab
    figures = fidelity.compare_figures(containers[1], cluster[1], noise)
    pages = [page_name(campaign.id, result.variant) for campaign, result in (containers, cluster)]
    return Both(mode.short_title, badges.badge(mode, cluster[1]), pages[0], pages[1],
                min(len(result.good) for _, result in (containers, cluster)), tuple(map(line, figures)))
