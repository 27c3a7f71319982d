"""The numbers frozen under the protocols' ids are those that the runner uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.measure import campaign, protocol
from experiments.measure.views.plan import plan
from experiments.results import store
from experiments.results.model import Purpose
from experiments.results.protocols import CAMPAIGN_S_OWN, FROZEN, AskedTrial, InSlices
from experiments.results.validate import validate
from experiments.variant import Variant


def _asks(profile: protocol.Profile, *, one_process: bool) -> Iterator[AskedTrial]:
    """The plan, trial by trial: what is asked in turn has two."""
    for ask in plan(profile, one_process=one_process):
        for path in ("host-host", "pod-pod") if ask.paired else (ask.path,):
            yield AskedTrial(ask.view, path, ask.phase, ask.streams, ask.mss, ask.load_ratio, ask.burst_bytes,
                             ask.datagram_bytes)


@pytest.mark.parametrize(("purpose", "count", "refused"), [
    ("experiment", 3, False), ("contribution", 3, True), ("contribution", 6, True), ("reference", 5, True),
    ("reference", 6, False)])
def test_a_contribution_may_not_have_another_number_of_deployments(
    tmp_path: Path, purpose: Purpose, count: int, refused: bool
) -> None:
    """And a reference, which a maintainer signs, no fewer than six."""
    request = campaign.Request((Variant("flannel-vxlan"),), "quick", 1, host="tester", deployments=count)
    folder = campaign.begin(request, tmp_path)
    stored, _ = store.read_campaign(folder)
    assert (stored.protocol["deployments"], [cell.n for cell in stored.plan]) == (count, [*range(1, count + 1)])
    store.write_campaign(folder, replace(stored, purpose=purpose))
    said = [error.key for error in validate(folder, alone=True).errors]
    assert ("protocol.deployments" in said) == refused


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
                                     protocol.PAIRS_A_BATCH, current.run_pairs)
