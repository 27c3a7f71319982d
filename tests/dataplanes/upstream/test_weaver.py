"""Upstream's weaver, for real, where it is installed: on the host's kernel if that has a dummy device, else in the capsule."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from tests_support import why_not_by_upstream

from experiments import catalog, paths
from experiments.labs.capsule import capsule
from experiments.measure.deployment import Job, deploy
from experiments.variant import Variant

pytestmark = pytest.mark.lab
MODES = ("weave-fastdp", "weave-sleeve", "weave-sleeve-pcap", "weave-sleeve-encrypted")


@pytest.mark.parametrize("name", MODES)
def test_a_deployment_is_attested_on_the_host_s_kernel(name: str) -> None:
    if reason := why_not_by_upstream(name):
        pytest.skip(reason)
    outcome = deploy(Job(Variant(name, daemon="upstream"), 1, "smoke"))
    assert outcome.deployment.status == "ok", outcome.deployment.reason
    assert "weaver" in outcome.implementation["control plane"]


@pytest.mark.capsule
@pytest.mark.timeout(900)
def test_deployments_are_attested_in_the_capsule() -> None:
    if reason := why_not_by_upstream("weave-fastdp", "uml"):
        pytest.skip(reason)
    daemon = catalog.get("weave-fastdp").daemon
    assert daemon is not None
    features = sorted({f for name in MODES for f in catalog.get(name).needs.kernel} | set(daemon.needs.kernel))
    folder = str(Path(paths.find(daemon.program) or "").parent)
    with capsule.boot(features=features, folders=[folder]) as booted:
        for name in MODES:
            job = asdict(Job(Variant(name, kernel="uml", daemon="upstream"), 1, "smoke"))
            outcome = booted.call("experiments.measure.kernels:deploy_plain", job, timeout_s=400, on_progress=lambda _: None)
            deployment = outcome["deployment"]
            assert deployment["status"] == "ok", (name, deployment["reason"])
            checks = {check["check"] for check in deployment["attestation_after"]}
            assert {"daemon.process", "daemon.version", "bridge.ports"} <= checks
            layers = [header["layer"] for header in deployment["packet"]["headers"]]
            declared = [header.layer for header in catalog.get(name).headers]
            # weaver's key is nobody else's: what is sealed stays so.
            assert layers == (declared[:declared.index("sealed") + 1] if "sealed" in declared else declared)
