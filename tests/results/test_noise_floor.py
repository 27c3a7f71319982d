"""How far a campaign is from itself: ratios of pairs where there are pairs, the baseline elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.results import distribution_free, noise_floor
from experiments.results.model import Deployment, ModeResult, Trial

RATIOS = {"calico-bgp": (0.90, 0.91, 0.92), "flannel-vxlan": (0.50, 0.55, 0.60), "weave-sleeve": (0.10, 0.10, 0.10)}
KEY = "speed/pod-pod/1/native"


def _trials(deployment: int, ratio: float) -> tuple[Trial, ...]:
    base = Trial(f"{deployment}-base", "speed", "host-host", "ok", streams=1, mss="native", core_goodput_bps=1e9 * deployment,
                 goodput_bps=1e9, pairs=8)
    mode = replace(base, id=f"{deployment}-mode", path="pod-pod", core_goodput_bps=1e9, pair_ratio=ratio)
    link = Trial(f"{deployment}-link", "link", "host-host", "ok", streams=1, mss="native", goodput_bps=9e8 + deployment * 1e6)
    return base, mode, link


def _result(mode: str) -> ModeResult:
    made = tuple(Deployment(number, "ok", trials=_trials(number, ratio)) for number, ratio in enumerate(RATIOS[mode], 1))
    return ModeResult("podpath/mode/1", "2026-01-01-h000001", mode, "netns", "host", deployments=made)


def test_of_pairs_it_is_the_ratio_s_own_variation_in_the_median_of_the_modes() -> None:
    found = noise_floor.of_campaign([_result(mode) for mode in RATIOS])
    each = sorted(distribution_free.variation(values) or 0 for values in RATIOS.values())
    assert found[f"host/{KEY}"] == {"measure": "pair_ratio", "n": 3, "cv_ratio": pytest.approx(each[1], abs=1e-6),
                                    "spread_ratio": pytest.approx(0.92 / 0.90 - 1, abs=1e-6)}
    assert "host/speed/host-host/1/native" not in found, "a baseline that varies by a factor of three cancels in its pairs"


def test_of_everything_else_it_is_the_baseline() -> None:
    found = noise_floor.of_campaign([_result(mode) for mode in RATIOS])["host/link/host-host/1/native"]
    assert found["measure"] == "goodput_bps" and found["n"] == 9


def test_the_entries_of_aggregates_are_told_from_the_others() -> None:
    stored = noise_floor.of_campaign([_result(mode) for mode in RATIOS])
    assert [name for name, _ in noise_floor.of_every_view(stored)] == ["host/link/host-host/1/native", f"host/{KEY}"]
