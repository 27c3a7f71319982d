"""The measuring pods: valid for Kubernetes, on the right nodes, with no more rights than they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.labs.kubernetes import pods
from experiments.paths import ROOT


def _made(host_network: bool = True) -> list[dict]:  # type: ignore[type-arg]
    return pods.manifest("podpath", "pp00000000", ["a", "b"], host_network=host_network)


def test_kubernetes_takes_them() -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    for one in _made():
        validate(one, "1.34", strict=True)


def test_each_is_on_its_node_and_everything_in_one_namespace() -> None:
    found = {one["metadata"]["name"]: one["spec"] for one in _made() if one["kind"] == "Pod"}
    assert {name: (spec["nodeName"], spec["hostNetwork"]) for name, spec in found.items()} == {
        "pod1": ("a", False), "pod2": ("b", False), "node1": ("a", True), "node2": ("b", True)}
    assert {one["metadata"].get("namespace", one["metadata"]["name"]) for one in _made()} == {"podpath"}
    assert {one["metadata"]["labels"][pods.LAB_LABEL] for one in _made()} == {"pp00000000"}
    assert [one["metadata"]["name"] for one in _made(host_network=False) if one["kind"] == "Pod"] == ["pod1", "pod2"]


def test_no_file_of_a_node_no_token_and_an_end_of_its_own() -> None:
    for one in (one for one in _made() if one["kind"] == "Pod"):
        spec = one["spec"]
        assert all(set(volume) == {"name", "configMap"} for volume in spec["volumes"])
        assert not {"hostPID", "hostIPC"} & set(spec)
        assert spec["automountServiceAccountToken"] is False and spec["activeDeadlineSeconds"] == pods.TTL_S
        security = spec["containers"][0]["securityContext"]
        assert set(security) == {"capabilities"}
        assert set(security["capabilities"]["add"]) <= {"NET_RAW", "NET_ADMIN"}


def test_every_program_that_is_started_in_a_place_by_its_file_is_in_the_pods() -> None:
    """One that is not fails there and nowhere else: the embedded lab and containerlab have the whole program at hand."""
    alone = {path.relative_to(ROOT).as_posix() for path in (ROOT / "experiments" / "probes").glob("*.py")
             if "__main__" in path.read_text()}
    assert alone and alone <= set(pods.SCRIPTS)


def test_the_scripts_are_this_program_s_own_and_need_nothing_else() -> None:
    data = next(one["data"] for one in _made() if one["kind"] == "ConfigMap")
    root = ROOT
    assert data == {Path(script).name: (root / script).read_text() for script in pods.SCRIPTS}
    # Standard library only: inside a pod there is nothing else.
    assert not any(line.startswith(("from experiments", "import experiments")) for text in data.values()
                   for line in text.splitlines())
