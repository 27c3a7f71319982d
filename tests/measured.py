"""Shared by tests: a small campaign, really measured, once a session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.measure import campaign
from experiments.measure.kernels import Deployer
from experiments.results.store import Stored, read_campaign
from experiments.variant import Variant


def measure(root: Path, modes: Sequence[str] = ("calico-bgp", "flannel-vxlan"), profile: str = "smoke") -> Stored:
    """Modes, measured in one campaign below ``root``."""
    variants = tuple(Variant(name, "netns", "host") for name in modes)
    folder = campaign.begin(campaign.Request(variants, profile, 7, host="tester", command=("invoke", "test")), root)
    with Deployer() as deployer:
        # Beside other tests the baselines always drift, and a second deployment's would as well.
        campaign.advance(folder, deployer, lambda _: None)
    return Stored(folder, *read_campaign(folder))
