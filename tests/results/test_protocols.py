"""The numbers frozen under the protocols' ids are those that the runner uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from experiments.measure import protocol
from experiments.measure.views.plan import plan
from experiments.results.protocols import CAMPAIGN_S_OWN, FROZEN, AskedTrial, InSlices


def _asks(profile: protocol.Profile, *, one_process: bool) -> Iterator[AskedTrial]:
    """The plan, trial by trial: what is asked in turn has two."""
    for ask in plan(profile, one_process=one_process):
        for path in ("host-host", "pod-pod") if ask.paired else (ask.path,):
            yield AskedTrial(ask.view, path, ask.phase, ask.streams, ask.mss, ask.load_ratio, ask.burst_bytes,
                             ask.datagram_bytes)


@pytest.mark.parametrize("profile", protocol.PROFILES)
def test_the_runner_measures_by_frozen_numbers(profile: str) -> None:
    """Whoever changes one of them gives the protocol another id, and freezes that."""
    current = protocol.PROFILES[profile]
    frozen = FROZEN[current.id]
    said = current.as_mapping(seed=1, nodes=2)
    assert {name: value for name, value in said.items() if name not in CAMPAIGN_S_OWN} == dict(frozen.numbers)
    assert frozen.trials == tuple(_asks(current, one_process=True))
    assert frozen.trials_apart == tuple(_asks(current, one_process=False))
    assert dict(frozen.noise_limits) == protocol.NOISE_LIMITS
    assert frozen.noise_limits_of_slices == protocol.NOISE_LIMITS_OF_SLICES
    assert dict(frozen.link_bps) == {"host": protocol.ETHERNET_BPS, "uml": protocol.CAPSULE_LINK_BPS}
    assert frozen.slices == InSlices(protocol.OMIT_CORE_S, protocol.MESSAGE_BYTES, protocol.SMALL_MSS_BYTES,
                                     protocol.PAIRS_A_BATCH, protocol.RUN_PAIRS)
