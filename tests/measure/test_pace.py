"""How long a plan takes: first by the protocol, then by what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.measure.pace import Pace, deployment_s
from experiments.measure.protocol import profile
from experiments.results.model import Cell
from experiments.variant import Variant


def _cells(*kernels: str) -> list[Cell]:
    return [Cell.planned(1, Variant("calico-bgp", kernel=kernel)) for kernel in kernels]


def test_before_anything_was_measured_the_protocol_says() -> None:
    smoke, quick, standard = (deployment_s(profile(name)) for name in ("smoke", "quick", "standard"))
    assert smoke < quick < standard
    # The committed campaigns of the profile standard took 58 to 85 s a deployment.
    assert 50 < standard < 100
    assert Pace(_cells("host", "host"), profile("smoke")).left_s == pytest.approx(2 * smoke)


def test_what_was_done_before_is_not_left() -> None:
    done = [replace(cell, state="done") for cell in _cells("host")]
    assert Pace([*done, *_cells("host")], profile("smoke")).left_s == pytest.approx(deployment_s(profile("smoke")))


def test_a_cluster_takes_longer_than_a_namespace() -> None:
    smoke = profile("smoke")
    places = (Variant("calico-bgp"), Variant("calico-bgp", kernel="uml"), Variant("calico-bgp", "kind"))
    ours, capsule, cluster = (Pace([Cell.planned(1, place)], smoke).left_s for place in places)
    assert ours == pytest.approx(deployment_s(smoke))
    assert ours < capsule < cluster


def test_what_ended_before_it_was_measured_says_nothing_of_others() -> None:
    pace = Pace(_cells("host", "host", "uml"), profile("smoke"), clock=lambda: 0.0)
    before = pace.left_s
    pace.begin()
    pace.end(measured=False)
    assert pace.left_s == pytest.approx(before - deployment_s(profile("smoke")))


def test_deployments_correct_the_estimate_place_by_place() -> None:
    now = 0.0
    host, capsule = (Pace(_cells(kernel), profile("smoke")).left_s for kernel in ("host", "uml"))
    pace = Pace(_cells("host", "uml", "host", "uml"), profile("smoke"), clock=lambda: now)
    pace.begin()
    now += 30
    pace.end()
    elsewhere = capsule * 30 / host  # nothing is known of the capsule yet but that this machine is slow
    assert pace.left_s == pytest.approx(30 + 2 * elsewhere)
    pace.begin()
    now += elsewhere + 2
    assert pace.left_s == pytest.approx(0 + 30 + elsewhere)  # longer than expected: more than nothing is not left of it
    now = 30 + 50
    pace.end()
    assert pace.left_s == pytest.approx(30 + 50)
    for _ in range(2):
        pace.begin()
        pace.end()
    assert pace.left_s == 0.0
