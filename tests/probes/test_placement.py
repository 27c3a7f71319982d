"""Where what is measured runs: one stated processor, and nothing that moves its work to another."""

from __future__ import annotations

import pytest

from experiments import catalog
from experiments.errors import ExperimentFailed
from experiments.labs import table
from experiments.labs.base import run
from experiments.probes import placement


@pytest.mark.parametrize(("allowed", "measured", "beside"), [((0, 1), 1, (0,)), ((3,), 3, (3,)), ((0, 2, 5, 7), 7, (0, 2, 5))])
def test_the_last_processor_is_measured_on_and_the_others_watch(
    allowed: tuple[int, ...], measured: int, beside: tuple[int, ...]
) -> None:
    found = placement.plan(allowed)
    assert (found.measured, found.beside) == (measured, beside)
    assert set(found.as_mapping().values()) == {measured}


@pytest.mark.lab
def test_packets_that_are_steered_to_other_processors_are_refused_by_place() -> None:
    with table.EMBEDDED_LAB.up(catalog.get("calico-bgp")) as lab:
        one, other = (node.name for node in lab.nodes[:2])
        placement.refuse_steering(lab, [one, other])
        done = run(lab, other, ["sysctl", "-qw", "net.core.rps_default_mask=1"], check=False)
        if done.exit_code:
            pytest.skip(f"this kernel has no default for a namespace's new devices: {done.stderr.strip()}")
        run(lab, other, ["ip", "link", "add", "steered0", "type", "veth", "peer", "name", "steered1"])
        with pytest.raises(ExperimentFailed, match=f"moves packets on {other} to other processors"):
            placement.refuse_steering(lab, [one, other])
