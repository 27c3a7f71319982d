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
from experiments.results.words import counted
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
    deployments: tuple[str, str]  # how many gave numbers, in containers and in the cluster
    lines: tuple[Line, ...]


def fragment(jinja: jinja2.Environment, stored: Sequence[Stored], modes: Mapping[str, Mode]) -> str:
    """The table, in the order of the catalogue. The newest that are alike count; ``stored`` has the oldest first."""
    found = []
    for mode in modes.values():
        clusters, containers = (_results(stored, mode.name, lab) for lab in (Kind.name, Containerlab.name))
        alike = ((one, other) for other in clusters for one in containers if _alike(one, other))
        if (places := next(alike, None)) and (both := _both(mode, *places)).lines:
            found.append(both)
    return jinja.get_template("clusters.md.j2").render(found=found)


Place = tuple[Campaign, ModeResult]


def _results(stored: Sequence[Stored], mode: str, lab: str) -> list[Place]:
    """A mode's results in a lab that have numbers, the newest first."""
    return [(one.campaign, result) for one in reversed(stored) for result in one.results
            if (result.mode, result.lab, result.daemon or "") == (mode, lab, "") and result.good]


def _alike(one: Place, other: Place) -> bool:
    """Whether both are of one machine with one kernel, measured in one way."""
    (a, ours), (b, theirs) = one, other
    return bool(a.host.get("slug")) and ours.kernel == theirs.kernel and a.protocol["id"] == b.protocol["id"] and all(
        a.host.get(key) == b.host.get(key) for key in ("slug", "kernel"))


def _both(mode: Mode, containers: Place, cluster: Place) -> Both:
    noise = {**containers[0].noise_floor, **cluster[0].noise_floor}  # each names its lab
    figures = fidelity.compare_figures(containers[1], cluster[1], noise)
    pages = [page_name(campaign.id, result.variant) for campaign, result in (containers, cluster)]
    return Both(mode.short_title, badges.badge(mode, cluster[1]), pages[0], pages[1],
                (counted(len(containers[1].good), "deployment"), counted(len(cluster[1].good), "deployment")),
                tuple(map(line, figures)))
