"""The page that asks whether the lab is faithful: both results of a mode, beside each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from experiments import catalog
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.store import Stored
from experiments.site import faithful
from experiments.site.templating import environment

JINJA = environment(ROOT / "docs" / "templates")
MODES = catalog.load()
SAMPLE = ROOT / "tests" / "golden" / "results" / "slices"


def test_both_results_stand_beside_each_other_with_what_differs() -> None:
    campaign, (ours,) = store.read_campaign(SAMPLE)
    route = next(check for check in ours.deployments[0].attestation_before if check.check == "route.protocol")
    other = replace(route, expected="80", observed="80")
    before = tuple(other if check is route else check for check in ours.deployments[0].attestation_before)
    theirs = replace(ours, daemon="upstream", implementation={"control plane": "<b>felix</b> 3.32"},
                     deployments=(replace(ours.deployments[0], attestation_before=before),))
    part = faithful.fragment(JINJA, [Stored(Path("none"), campaign, [ours, theirs])], MODES)
    assert 'id="faithful-calico-bgp"' in part
    assert "same on the wire" in part
    assert part.count("1.000") >= 5  # the same figures: ours over theirs
    assert "route.protocol on node" in part and "expected 80, observed 80" in part
    assert "&lt;b&gt;felix" in part and "<b>felix" not in part


def test_without_a_pair_the_page_says_how_to_make_one() -> None:
    campaign, (ours,) = store.read_campaign(SAMPLE)
    assert "invoke fidelity flannel-vxlan" in faithful.fragment(JINJA, [Stored(Path("none"), campaign, [ours])], MODES)
