"""The noise floor of a question: from pairs where its ratios come from pairs, else from the baseline's spread."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.paths import ROOT
from experiments.results import floors, questions, store
from experiments.results.comparison import compare
from experiments.results.distribution_free import groups
from experiments.results.model import ModeResult
from experiments.results.words import span

FOLDER = ROOT / "data" / "campaigns" / "2026-11-24-h86e3a3"
KEY = "speed/pod-pod/1/native"


def _results(*width: float) -> list[ModeResult]:
    """One mode whose deployments' ratios are 0.5, with an interval of these widths."""
    result = next(one for one in store.read_campaign(FOLDER)[1] if one.mode == "flannel-vxlan")
    deployments = tuple(
        replace(deployment, trials=tuple(
            replace(trial, pair_ratio=0.5, pair_ratio_low=0.5, pair_ratio_high=0.5 * (1 + wide)) if trial.path == "pod-pod"
            else trial for trial in deployment.trials if trial.view == "speed"))
        for deployment, wide in zip(result.deployments, width, strict=False))
    return [replace(result, deployments=deployments)]


def test_without_pairs_it_is_the_baseline_s_spread() -> None:
    campaign, results = store.read_campaign(FOLDER)
    found = floors.of_question(results, campaign.noise_floor, KEY, lab="netns", kernel="host")
    assert found.ratio == pytest.approx(0.534147) and not found.ranks and found.how == floors.SPREAD


def test_with_pairs_it_is_the_intervals_width_whatever_the_baseline_did() -> None:
    campaign, _ = store.read_campaign(FOLDER)
    found = floors.of_question(_results(0.01, 0.02, 0.3), campaign.noise_floor, KEY, lab="netns", kernel="host")
    assert found.ratio == pytest.approx(0.02) and found.ranks and found.how == floors.PAIRS


def test_or_how_far_the_deployments_lie_apart() -> None:
    (result,) = _results(0.01, 0.01)
    first, second = result.deployments
    far = replace(second, trials=tuple(
        replace(one, pair_ratio=0.7, pair_ratio_low=0.7, pair_ratio_high=0.707) if one.path == "pod-pod" else one
        for one in second.trials))
    found = floors.of_question([replace(result, deployments=(first, far))], {}, KEY, lab="netns", kernel="host")
    assert found.ratio == pytest.approx(0.2357, abs=0.001) and not found.ranks


def test_runs_in_turn_that_are_too_few_for_an_interval_have_it_from_their_deployments() -> None:
    result = next(one for one in store.read_campaign(ROOT / "data" / "campaigns" / "2026-11-27-h0b35db-5")[1]
                  if one.mode == "calico-bgp")
    found = floors.of_question([result], {}, KEY, lab="kind", kernel="host")
    assert found.ratio is not None and 0.01 < found.ratio < 0.1 and found.how == floors.PAIRS
    alone = replace(result, deployments=result.deployments[:1])
    assert floors.of_question([alone], {}, KEY, lab="kind", kernel="host").ratio is None


@pytest.mark.parametrize("stored", [{}, {"host/speed/host-host/1/native": {"measure": "goodput_bps", "n": 1}},
                                    {"host/speed/host-host/1/native": "text"}])
def test_an_unknown_floor_ranks_nothing(stored: dict[str, object]) -> None:
    _, results = store.read_campaign(FOLDER)
    found = floors.of_question(results, stored, KEY, lab="netns", kernel="host")
    assert found.ratio is None and not found.ranks
    assert floors.of_question(results, stored, KEY, lab="kind", kernel="host").ratio is None


def test_less_than_the_floor_is_never_told_apart() -> None:
    values = {"a": [1.00, 1.01, 1.02, 1.03, 1.04, 1.05], "b": [1.10, 1.11, 1.12, 1.13, 1.14, 1.15]}
    assert groups(values) == {"a": "b", "b": "a"}
    assert groups(values, least=0.2) == {"a": "a", "b": "a"}
    _, results = store.read_campaign(FOLDER)
    assert compare(results, "wire/pod-pod/1/native").apart == 12
    assert compare(results, "wire/pod-pod/1/native", floor=0.02).apart < 12
    assert compare(results, "wire/pod-pod/1/native", floor=1.0).apart == 0


@pytest.mark.parametrize(("key", "says"), [
    ("speed/pod-pod/1/native", "Speed, one stream, pod to pod"),
    ("speed/host-host/4/equal", "Speed, four streams, segments of equal size, host to host"),
    ("latency/pod-pod/burst", "Latency, behind a burst, pod to pod"),
    ("cost/pod-pod/1/small", "Cost, small segments, pod to pod"), ("link/pod-pod", "Link, pod to pod"), ("link", "Link"),
    ("unheard/of/64-bytes", "Unheard, 64 bytes, of"), ("", ""),
])
def test_keys_in_words(key: str, says: str) -> None:
    assert questions.title(key) == says


def test_names_in_words() -> None:
    assert questions.result("calico-ipip@uml") == "calico-ipip (User-Mode Linux)"
    assert questions.result("flannel-udp@kind@upstream") == "flannel-udp (kind lab, upstream's daemon)"
    assert span(936e6, 941.4e6, "bit/s") == "936 to 941 Mbit/s"
    assert span(0.98, 1.0, "ratio") == "0.980 to 1.00"
