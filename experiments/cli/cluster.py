"""``--lab cluster``: which cluster is meant, what it runs, and what a result may say of it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments import __version__, catalog
from experiments.catalog import Mode
from experiments.cli.progress import console
from experiments.dataplanes.found.inquiry import AskedNode, of_cluster
from experiments.dataplanes.table import FOUND
from experiments.errors import ExperimentFailed, UserError
from experiments.labs.backend import Means
from experiments.labs.cluster import backend as cluster
from experiments.labs.cluster import fit_nodes
from experiments.labs.kubernetes.base import dig
from experiments.probes import environment

AUTO = "auto"  # in place of a mode: whatever the cluster runs


@dataclass(frozen=True)
class Asked:
    """A cluster that was looked at: the mode that it runs, and what a campaign's file says of the machine."""

    mode: Mode
    means: Means
    slug: str
    machine: Mapping[str, Any]
    software: Mapping[str, Any]


def ask(name: str, on: str = "", image: str = "") -> Asked:
    """Look at the cluster of the current kubectl context; nothing is made in it yet.

    Raises:
        UserError: there is none, it does not run the mode ``name``, or what it runs is none of ours.
    """
    wanted = None if name == AUTO else catalog.get(name)
    found = cluster.target(on)
    first, second = found.members
    console.print(f"The cluster of the kubectl context {found.context}: node1 is {first.name}, node2 is {second.name}.",
                  markup=False)
    members = AskedNode(first.name, first.address), AskedNode(second.name, second.address)
    recognised = of_cluster(found.kubectl, members, found.nodes, FOUND)
    console.print(f"It runs {recognised.sentence}.", markup=False)
    for said in recognised.hidden:
        console.print(said.capitalize(), markup=False)
    if wanted is not None and wanted.name not in recognised.candidates:
        raise UserError(f"This cluster does not run {wanted.name}, but {recognised.sentence}.",
                        "Leave the mode to the cluster: `invoke experiment auto --lab cluster`.")
    if wanted is None and recognised.discord:
        raise UserError(f"What this cluster runs cannot be said: it disagrees about {recognised.discord}.",
                        "Something was switched whose daemons have not followed yet, or cannot: wait for them, restart them "
                        "or look at their logs. `invoke recognise` shows what speaks for and against each mode.")
    if wanted is None and not recognised.presumed:  # the nodes are looked at again, by pods, before there is any number
        raise UserError(f"What this cluster runs is {recognised.sentence}.",
                        ("Name one of them." if recognised.candidates else "Only modes of the catalogue are measured.")
                        + " `invoke recognise` shows what speaks for and against each.")
    return Asked(
        wanted or catalog.get(recognised.presumed), Means(nodes=f"{first.name},{second.name}", image=image), found.id,
        fit_nodes.host_facts(found.id, found.members), _software(found),
    )


def _software(found: cluster.Target) -> dict[str, Any]:
    """The tools inside the pods say their versions in their own outputs; here is what speaks to the cluster."""
    said: dict[str, Any] = {"podpath": __version__, "python": environment.software()["python"]}
    with contextlib.suppress(ExperimentFailed):
        versions = found.kubectl.json("version")
        for name, key in (("kubectl", "clientVersion"), ("kubernetes", "serverVersion")):
            if version := dig(versions, key, "gitVersion"):
                said[name] = str(version)[:40]
    return said


def command(mode: str, profile: str) -> tuple[str, ...]:
    """What was typed, without the options that name somebody's nodes and registry."""
    return ("invoke", "experiment", mode, "--lab", cluster.Cluster.name, "--profile", profile)
