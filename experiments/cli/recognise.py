"""``invoke recognise``: which mode a cluster runs between two of its nodes, and what speaks for it; nothing is made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.cli.columns import print_table
from experiments.cli.named import check_format
from experiments.cli.progress import console, say
from experiments.dataplanes.found import collect, saved
from experiments.dataplanes.found.findings import CLUSTER, LAYERS, Finding
from experiments.dataplanes.found.inquiry import AskedNode, of_cluster
from experiments.dataplanes.found.recognise import Verdict
from experiments.dataplanes.table import FOUND
from experiments.labs.cluster import backend as cluster
from experiments.labs.cluster import fit_nodes


def run_recognise(*, on: str = "", format: str = "table", source: str = "", collecting: bool = False) -> None:
    """Say which mode the cluster of the kubectl context runs, or the one that was saved in the folder ``source``.

    ``on`` names the two nodes; ``collecting`` only prints the script that saves a cluster.

    Raises:
        UserError: there is no cluster, it has not two nodes to ask about, or what was saved cannot be used.
    """
    check_format(format)
    if collecting:
        print(collect.script(FOUND), end="")
        return
    if source:
        folder = Path(source)
        nodes = saved.nodes(folder)
        chosen = fit_nodes.choose({"items": nodes}, on, measuring=False)
        members = AskedNode(chosen[0].name, chosen[0].address), AskedNode(chosen[1].name, chosen[1].address)
        verdict = of_cluster(saved.Saved(folder=folder), members, nodes, FOUND, saved.asker(folder))
    else:
        target = cluster.target(on, measuring=False)
        members = AskedNode(target.members[0].name, target.members[0].address), AskedNode(
            target.members[1].name, target.members[1].address)
        verdict = of_cluster(target.kubectl, members, target.nodes, FOUND)
    names = [member.name for member in members]
    if format == "json":
        print(json.dumps(as_plain(verdict, names), indent=2))
    else:
        show(verdict, names)


def show(verdict: Verdict, names: Sequence[str]) -> None:
    """The evidence by layers, the reasons for and against each candidate, and what follows."""
    say(f"Between the nodes {' and '.join(names)}:")
    order = [CLUSTER, *names]
    findings = sorted(_together(verdict.findings), key=lambda one: (LAYERS.index(one.layer), order.index(one.at)))
    rows = [(one.layer, one.at, one.said) for one in findings]
    print_table(("layer", "where", "what is seen"), rows, words=3)
    console.print()
    if verdict.every:
        print_table(("candidate", "for", "against"), [
            (one.mode, _layers(one.pros), "; ".join(dict.fromkeys(con.said for con in one.cons))) for one in verdict.every],
            words=3)
        console.print()
    say(conclusion(verdict))


def conclusion(verdict: Verdict) -> str:
    """What follows, in a sentence or two."""
    if verdict.mode:
        return f"It is {verdict.mode}, and the nodes' own view agrees."
    missing = ", ".join(dict.fromkeys((*verdict.undecided, *verdict.unconfirmed)))
    if len(verdict.candidates) == 1:
        return (f"It may be {verdict.candidates[0]}: nothing that is seen speaks against it. That is no verdict, because this "
                f"is not visible, or not on the nodes themselves: {missing}.")
    if verdict.candidates:
        return f"It may be {_or(verdict.candidates)}: what would tell them apart is not visible."
    if verdict.discord:
        return f"No verdict: what is seen does not go together. It disagrees about {verdict.discord}."
    if verdict.cni and verdict.cni not in FOUND:
        return f"None of the modes here: it is {verdict.cni}. docs/scope.md says what carries over."
    if verdict.cni:
        return f"None of the modes here, though it is {verdict.cni}: the table says what speaks against each."
    return "No verdict: no CNI that is known here is visible. docs/scope.md says what is not measured."


def _or(words: Sequence[str]) -> str:
    return " or ".join(words)


def _together(findings: Sequence[Finding]) -> list[Finding]:
    """Findings that say the same, once: one thing can decide two features."""
    return list({(one.layer, one.at, one.said): one for one in findings}.values())


def _layers(pros: Sequence[Finding]) -> str:
    return ", ".join(layer for layer in LAYERS if any(one.layer == layer for one in pros))


def as_plain(verdict: Verdict, names: Sequence[str]) -> dict[str, Any]:
    """The verdict as ``--format json`` prints it."""
    return {
        "nodes": list(names), "mode": verdict.mode, "candidates": list(verdict.candidates), "cni": verdict.cni,
        "undecided": list(verdict.undecided), "unconfirmed": list(verdict.unconfirmed),
        "disagreement": verdict.disagreement, "conclusion": conclusion(verdict),
        "modes": [{"mode": one.mode, "for": [pro.said for pro in one.pros], "against": [con.said for con in one.cons]}
                  for one in verdict.every],
        "findings": [{"layer": one.layer, "at": one.at, "said": one.said, "feature": one.feature,
                      "values": sorted(one.values)} for one in verdict.findings],
    }
