"""Waiting for the measuring pods, by what a cluster's API would say of them; no cluster was started."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.errors import ExperimentFailed
from experiments.labs.cluster import measuring_pods
from experiments.labs.kubernetes.base import Kubectl

NAMES = ("pod1", "pod2")


def _pod(name: str, ready: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"phase": "Pending", "conditions": [{"type": "Ready", "status": ready}]}}


def _wait(monkeypatch: pytest.MonkeyPatch, *pods: dict[str, Any]) -> None:
    monkeypatch.setattr(Kubectl, "json", lambda *_, **__: {"items": list(pods)})
    monkeypatch.setattr(measuring_pods, "READY_TIMEOUT_S", 0.0)
    monkeypatch.setattr(measuring_pods, "POLL_S", 0.0)
    measuring_pods.wait_ready(Kubectl(), "podpath", "podpath-lab:1", NAMES)


def test_the_pods_that_are_wanted_are_waited_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _wait(monkeypatch, *(_pod(name, "True") for name in NAMES))


def test_another_pod_that_is_ready_does_not_count_for_one_that_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a cluster has let in one of the pods on the nodes' own network, and not the other."""
    with pytest.raises(ExperimentFailed, match=r"not ready: pod2 \(Pending\)"):
        _wait(monkeypatch, _pod("pod1", "True"), _pod("node1", "True"), _pod("pod2", "False"))
    with pytest.raises(ExperimentFailed, match=r"not ready: pod2 \(not there\)"):
        _wait(monkeypatch, _pod("pod1", "True"), _pod("node1", "True"))
