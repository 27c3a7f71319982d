"""The numbers frozen under the protocols' ids are those that the runner uses."""

from __future__ import annotations

import pytest

from experiments.measure import protocol, views
from experiments.results.protocols import CAMPAIGN_S_OWN, FROZEN, AskedTrial


@pytest.mark.parametrize("profile", protocol.PROFILES)
def test_the_runner_measures_by_frozen_numbers(profile: str) -> None:
    """Whoever changes one of them gives the protocol another id, and freezes that."""
    current = protocol.PROFILES[profile]
    frozen = FROZEN[current.id]
    said = current.as_mapping(seed=1, nodes=2)
    assert {name: value for name, value in said.items() if name not in CAMPAIGN_S_OWN} == dict(frozen.numbers)
    assert frozen.trials == tuple(AskedTrial(ask.view, ask.path, ask.phase, ask.streams, ask.mss, ask.load_ratio)
                                  for ask in views.plan(current))
    assert dict(frozen.noise_limits) == protocol.NOISE_LIMITS
    assert dict(frozen.link_bps) == {"host": protocol.ETHERNET_BPS, "uml": protocol.CAPSULE_LINK_BPS}
