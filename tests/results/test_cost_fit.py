"""The line through two sizes of segments, deployment by deployment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.results import cost_fit
from experiments.results.model import Deployment, ModeResult, Trial

POSITIVE = st.floats(0.01, 100)


def _deployment(number: int, a_us: float, b_us: float, status: str = "ok") -> Deployment:
    sizes = {"native": 1448, "small": 536}
    trials = tuple(
        Trial(f"t-{number}-{name}", "cost", "pod-pod", "ok", mss=name, mss_bytes=size, core_us_per_packet=a_us + b_us * size)
        for name, size in sizes.items())
    return Deployment(number, status, trials=trials)  # type: ignore[arg-type]


def _result(*deployments: Deployment) -> ModeResult:
    return ModeResult("podpath/mode/1", "2026-01-01-h000001", "calico-bgp", "netns", "host", deployments=deployments)


@given(POSITIVE, st.floats(0.0001, 0.1))
def test_a_line_is_found_again(a_us: float, b_us: float) -> None:
    found = cost_fit.fit(_result(_deployment(1, a_us, b_us)))
    assert found is not None
    assert found.a_us == pytest.approx(a_us, rel=1e-6, abs=1e-6)
    assert found.b_us_per_kib == pytest.approx(1024 * b_us, rel=1e-6, abs=1e-6)


def test_it_is_the_median_with_its_range_and_failed_deployments_do_not_count() -> None:
    found = cost_fit.fit(_result(_deployment(1, 1, 0.001), _deployment(2, 2, 0.002), _deployment(3, 9, 0.003),
                                 _deployment(4, 50, 0.5, "failed")))
    assert found is not None and found.deployments == 3
    assert (found.a_us, *found.a_range_us) == pytest.approx((2, 1, 9))
    assert (found.b_us_per_kib, *found.b_range_us_per_kib) == pytest.approx((2.048, 1.024, 3.072))


def test_one_size_is_no_line() -> None:
    whole = _deployment(1, 1, 0.001)
    assert cost_fit.fit(_result(replace(whole, trials=whole.trials[:1]))) is None
    assert cost_fit.fit(_result(whole), "host-host") is None
