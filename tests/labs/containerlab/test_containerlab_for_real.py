"""Docker and containerlab themselves, in the capsule: every mode, the same figures as in the embedded lab, and ten kills.

They run where containerlab, Docker's daemon and the lab's image are (``invoke setup --image``), on any kernel; elsewhere they
say what is missing. PODPATH_SEED repeats the moments of the kills.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.labs.readiness import readiness
from experiments.machine import look
from experiments.measure.deployment import Job
from experiments.measure.kernels import Deployer, booted
from experiments.paths import ROOT
from experiments.variant import Variant

INSIDE = Path(__file__).parent / "inside"
MODES = ("calico-bgp", "calico-bgp-global", "calico-bgp-node", "calico-ipip", "flannel-vxlan", "flannel-udp", "weave-fastdp",
         "weave-sleeve")
KILLS = 10


def _missing() -> str:
    found = [one.what for place in readiness("flannel-vxlan", look())
             if (place.lab, place.kernel) == ("containerlab", "uml") for one in place.missing]
    return f"needs {', '.join(found)}; see `invoke list`" if found else ""


pytestmark = [pytest.mark.lab, pytest.mark.capsule, pytest.mark.skipif(bool(_missing()), reason=_missing())]


@pytest.fixture(scope="module")
def containers() -> Iterator[Deployer]:
    with Deployer() as made:
        yield made


@pytest.fixture(scope="module")
def embedded() -> Iterator[Deployer]:
    with Deployer() as made:
        yield made


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", MODES)
def test_a_mode_on_containers_carries_the_bytes_of_the_embedded_lab(
    mode: str, containers: Deployer, embedded: Deployer
) -> None:
    deployment = containers(Job(Variant(mode, kernel="uml", lab="containerlab"), 1, "smoke"), lambda text: None).deployment
    assert deployment.status == "ok", deployment.reason
    assert all(check.ok for check in (*deployment.attestation_before, *deployment.attestation_after))
    wire = {trial.path: trial for trial in deployment.trials if trial.view == "wire"}
    assert wire["pod-pod"].status == "ok", wire["pod-pod"].reason
    other = embedded(Job(Variant(mode, kernel="uml"), 1, "smoke"), lambda text: None).deployment
    there = next(trial for trial in other.trials if trial.view == "wire" and trial.path == "pod-pod")
    assert wire["pod-pod"].wire_efficiency_ratio == pytest.approx(there.wire_efficiency_ratio, rel=0.001)


@pytest.mark.timeout(1800)
def test_ten_kills_leave_nothing_and_the_neighbour_alone() -> None:
    seed = int(os.environ.get("PODPATH_SEED") or random.SystemRandom().randrange(2**32))
    found = _kills(seed)
    for number, one in enumerate(found["rounds"], 1):
        where = f"kill {number} after {one['after_s']} of {found['whole_s']} s (PODPATH_SEED={seed}): {one['said']}"
        assert one["status"] == 0, where
        assert _differences(found["before"], one["seen"]) == [], where
    assert found["before"]["neighbour_answers"]
    assert any(one["left"] for one in found["rounds"]), f"no kill came while there were containers (PODPATH_SEED={seed})"


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    one, other = _lines(before), _lines(after)
    return [*(f"gone: {line}" for line in sorted(one - other)), *(f"new: {line}" for line in sorted(other - one))]


def _lines(seen: dict[str, Any]) -> set[str]:
    return {f"{key}: {line}" for key, found in seen.items() for line in (found if isinstance(found, list) else [found])}


def _kills(seed: int) -> dict[str, Any]:
    with booted("containerlab", None, lambda text: None) as capsule:
        done = capsule.call("experiments.labs.capsule.guest:program", {
            "argv": [sys.executable, str(INSIDE / "containerlab_kills.py"), str(KILLS), str(seed)],
            "cwd": str(ROOT)}, timeout_s=1800, on_progress=lambda text: None)
    assert done["status"] == 0, done["stderr"][-2000:]
    return dict(json.loads(done["stdout"].splitlines()[-1]))
