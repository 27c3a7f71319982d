"""What a cluster changes: a mode in containers beside the same in kind, from two campaigns of one machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from experiments import catalog
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.store import Stored
from experiments.site import clusters
from experiments.site.templating import environment

JINJA = environment(ROOT / "docs" / "templates")
MODES = catalog.load()
CAMPAIGN, (OURS,) = store.read_campaign(ROOT / "tests" / "golden" / "results" / "slices")


def _stored(lab: str, number: int, slug: str = "tester", **changed: str) -> Stored:
    told = {"control plane": "<b>calico/node</b>:v3.32.1"}
    campaign = replace(CAMPAIGN, id=f"2026-11-27-{slug}-{number}", host={**CAMPAIGN.host, "slug": slug})
    return Stored(Path("none"), campaign, [replace(OURS, lab=lab, implementation=told, **changed)])


def test_both_stand_beside_each_other_each_with_its_page() -> None:
    part = clusters.fragment(JINJA, [_stored("containerlab", 1), _stored("kind", 2)], MODES)
    assert "2026-11-27-tester-1.calico-bgp.containerlab.html" in part and "2026-11-27-tester-2.calico-bgp.kind.html" in part
    assert part.count("1.000") >= 5  # the same figures: one over the other
    assert "&lt;b&gt;calico" in part and "<b>calico" not in part
    assert "1 deployment in containers, 1 deployment in the cluster" in part


def test_only_the_newest_counts_and_only_of_one_machine_and_kernel() -> None:
    kind = _stored("kind", 9)
    part = clusters.fragment(JINJA, [_stored("containerlab", 1), _stored("containerlab", 2), kind,
                                     _stored("containerlab", 3, "other"), _stored("containerlab", 4, kernel="uml")], MODES)
    assert "tester-2.calico-bgp" in part
    assert not any(word in part for word in ("tester-1.", "other-3", "tester-4"))


def test_an_older_pair_of_one_machine_stands_when_the_newest_is_another_s() -> None:
    part = clusters.fragment(JINJA, [_stored("containerlab", 1), _stored("kind", 2), _stored("kind", 3, "other")], MODES)
    assert "tester-2.calico-bgp.kind" in part and "other-3" not in part


def test_what_was_measured_in_another_way_is_not_put_beside_it() -> None:
    other = _stored("kind", 2)
    other = replace(other, campaign=replace(other.campaign, protocol={**other.campaign.protocol, "id": "p3-standard"}))
    assert "No mode is published" in clusters.fragment(JINJA, [_stored("containerlab", 1), other], MODES)


def test_without_both_it_says_how_to_measure() -> None:
    for stored in ([], [_stored("kind", 1)], [_stored("containerlab", 1)], [_stored("kind", 1), _stored("netns", 2)]):
        assert "invoke campaign --lab containerlab" in clusters.fragment(JINJA, stored, MODES)
