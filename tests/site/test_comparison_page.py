"""The comparison at a glance: a floor that hides an order, letters, whose program it was, a changed number."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from experiments import catalog
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.model import ModeResult, Trial
from experiments.results.store import Stored
from experiments.site import badges, multiples
from experiments.site.entries import Entry, entries
from experiments.site.multiples import Group
from experiments.site.templating import environment

HOST, CAPSULE = "2026-11-24-h86e3a3", "2026-11-25-h9fa009"
MODES = {**catalog.load(), **catalog.variants()}


def _stored(campaign: str) -> Stored:
    folder = ROOT / "data" / "campaigns" / campaign
    return Stored(folder, *store.read_campaign(folder))


def _groups(*stored: Stored) -> list[Group]:
    jinja = environment(ROOT / "docs" / "templates")
    found: list[Entry] = []
    for mode in MODES.values():
        found += entries(jinja, mode, stored, local=False)
    return multiples.groups(jinja, found)


def _changed(stored: Stored, mode: str, change: Callable[[Trial], Trial]) -> Stored:
    def of(result: ModeResult) -> ModeResult:
        return replace(result, deployments=tuple(
            replace(one, trials=tuple(map(change, one.trials))) for one in result.deployments))

    return replace(stored, results=[of(one) if one.mode == mode else one for one in stored.results])


def _drawings(group: Group) -> dict[str, str]:
    return {panel.view: str(panel.drawing) for panel in group.panels}


def _labels(drawing: str) -> list[str]:
    return re.findall(r'<text class="pp-small" x="2" y="[\d.]+">([^<]+)</text>', drawing)


def test_the_host_s_kernel_is_seen_first_and_each_campaign_alone() -> None:
    found = _groups(_stored(CAPSULE), _stored(HOST))
    assert [(group.campaign.id, group.at.kernel, group.modes) for group in found] == [(HOST, "host", 6), (CAPSULE, "uml", 4)]
    assert len({group.anchor for group in found}) == 2


def test_a_view_with_a_floor_above_ten_percent_is_no_ranking() -> None:
    (group,) = _groups(_stored(HOST))
    noisy = {panel.view for panel in group.panels if not panel.floor.ranks}
    assert noisy == {"speed", "cost", "latency"}
    declared = [mode.short_title for mode in MODES.values()]
    for panel in group.panels:
        drawing = str(panel.drawing)
        muted = 'class="pp-figure pp-muted"' in drawing
        assert muted == (panel.view in noisy) == (not panel.ranked)
        if muted:
            assert panel.floor.ratio is not None and panel.floor.ratio > 0.10
            assert re.search(r"The floor of this view here is \d+ %: no order of modes can be read from it\.", drawing)
            names = _labels(drawing)[:-1]
            assert names == sorted(names, key=declared.index)
            assert 'text-anchor="end">a<' not in drawing


def test_a_quiet_view_is_in_order_with_letters_and_its_band() -> None:
    (group,) = _groups(_stored(CAPSULE))
    speed = _drawings(group)["speed"]
    assert _labels(speed)[:2] == ["Calico BGP mesh", "Calico IPIP"]
    assert re.findall(r'text-anchor="end">([a-z]+)</text>', speed) == ["a", "b", "b", "b"]
    assert 'class="pp-band"' in speed and "The floor is 1.9 %." in speed
    assert "The axis begins at 0.7, not at zero." in speed


def test_what_differs_by_less_than_the_floor_shares_a_letter() -> None:
    (group,) = _groups(_stored(HOST))  # 0.01 % between them, and nothing overlaps: the test alone would tell them apart
    wire = _drawings(group)["wire"]
    assert re.findall(r'text-anchor="end">([a-z]+)</text>', wire) == ["a", "a", "a", "b", "c", "d"]


def test_a_changed_number_changes_its_picture_and_no_other() -> None:
    stored = _stored(CAPSULE)

    def doubled(trial: Trial) -> Trial:
        return replace(trial, p50_us=2 * trial.p50_us) if trial.p50_us and trial.path == "pod-pod" else trial

    before, after = (_drawings(_groups(one)[0]) for one in (stored, _changed(stored, "flannel-vxlan", doubled)))
    assert {view for view in before if before[view] != after[view]} == {"latency"}
    said = re.search(r"Flannel VXLAN: ([\d.]+) \(", after["latency"])
    assert said and float(said[1]) == pytest.approx(2 * 1.19, abs=0.02)


def test_the_limit_is_drawn_where_a_view_has_one() -> None:
    (group,) = _groups(_stored(HOST))
    assert {view for view, drawing in _drawings(group).items() if 'class="pp-limit"' in drawing} == {"wire", "link"}


def test_every_drawing_is_told_to_who_does_not_see_it() -> None:
    for group in _groups(_stored(HOST), _stored(CAPSULE)):
        for panel in group.panels:
            drawing = str(panel.drawing)
            named = re.search(r'role="img" aria-labelledby="(\S+) (\S+)"', drawing)
            assert named and f'<title id="{named[1]}">' in drawing and f'<desc id="{named[2]}">' in drawing


@pytest.mark.parametrize(("mode", "implementation", "daemon", "says"), [
    ("flannel-udp", {"data plane": "Podpath relay (Python)"}, None, "Podpath's relay"),
    ("flannel-udp", {"data plane": "flanneld 0.28.9 (its proxy in C)"}, "upstream", "flanneld 0.28.9"),
    ("weave-sleeve", {"data plane": "weaver 2.8.1 (sleeve)"}, "upstream", "weaver 2.8.1"),
    ("flannel-vxlan", {"control plane": "flanneld 0.28.9, etcd 3", "data plane": "Linux vxlan"}, "upstream", "flanneld 0.28.9"),
    ("flannel-vxlan", {"data plane": "Linux vxlan"}, None, ""),
    ("weave-sleeve", {}, None, "a relay that is not named"),
    ("weave-sleeve", {"data plane": "x" * 500}, None, "x" * 27 + "…"),
])
def test_whose_program_it_was(mode: str, implementation: dict[str, str], daemon: str | None, says: str) -> None:
    result = replace(_stored(HOST).results[0], mode=mode, implementation=implementation, daemon=daemon)
    assert badges.badge(MODES[mode], result) == says


@pytest.mark.parametrize(("image", "says"), [
    ("calico/node:v3.32.1", "calico/node:v3.32.1"),
    ("rajchaudhuri/weave-kube:2.9.0", "weave-kube:2.9.0"),
    ("docker.io/flannel-io/flannel:v0.28.9, docker.io/flannel-io/cni:v1", "flannel:v0.28.9"),
    ("", "a program that is not named"),
])
@pytest.mark.parametrize("lab", ["kind", "cluster"])
@pytest.mark.parametrize("mode", ["calico-bgp", "flannel-udp"])
def test_in_a_cluster_it_was_the_maker_s(mode: str, lab: str, image: str, says: str) -> None:
    told = {"control plane": image, "data plane": "Linux 6.18 tun, and flanneld"}
    assert badges.badge(MODES[mode], replace(_stored(HOST).results[0], mode=mode, lab=lab, implementation=told)) == says


def test_a_relay_s_rows_say_whose_it_is() -> None:
    (group,) = _groups(_stored(HOST))
    for drawing in _drawings(group).values():
        assert drawing.count("Podpath&#39;s relay</text>") == 2  # Flannel UDP and Weave sleeve


def test_a_mode_s_drawings_follow_its_numbers_and_name_the_program() -> None:
    jinja, stored = environment(ROOT / "docs" / "templates"), _stored(HOST)

    def slower(trial: Trial) -> Trial:
        return replace(trial, p99_us=3 * trial.p99_us) if trial.p99_us else trial

    def drawings(of: Stored) -> list[str]:
        (entry,) = entries(jinja, MODES["flannel-udp"], [of], local=False)
        return list(map(str, entry.plots))

    before, after = drawings(stored), drawings(_changed(stored, "flannel-udp", slower))
    assert [one != other for one, other in zip(before, after, strict=True)] == [False, False, False, False, True]
    assert all("(Podpath&#39;s relay): " in drawing for drawing in before)
    assert "Gbit/s, more is better" in before[2] and "core·s/Gbit, less is better" in before[3]
    assert 'class="pp-line pp-line-1"' in before[4]
