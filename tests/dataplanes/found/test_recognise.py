"""Which mode a cluster runs, by evidence that was written by hand: no cluster was started (tests/golden/clusters)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from experiments import catalog
from experiments.catalog.pending import in_kubernetes
from experiments.dataplanes.found.calico import CalicoEvidence, peering
from experiments.dataplanes.found.cni import Evidence
from experiments.dataplanes.found.flannel import FlannelEvidence
from experiments.dataplanes.found.recognise import recognise
from experiments.dataplanes.table import FOUND
from experiments.paths import ROOT

GOLDEN = ROOT / "tests" / "golden" / "clusters" / "evidence.yml"
CASES: list[dict[str, Any]] = yaml.safe_load(GOLDEN.read_text())
MODES = {**catalog.load(), **catalog.variants()}


def _evidence(plain: dict[str, Any]) -> Evidence:
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
    own = {}
    for name, cni in FOUND.items():
        mine = {field.name: given.pop(field.name) for field in fields(cni.evidence) if field.name in given}
        if mine:
            own[name] = cni.evidence(**mine)
    return Evidence(**given, own=own)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_is_recognised_and_by_what(case: dict[str, Any]) -> None:
    found = recognise(_evidence(case["evidence"]), MODES, FOUND)
    assert sorted(found.candidates) == sorted(case["recognised"]), found.sentence
    assert found.mode == (case["recognised"][0] if len(case["recognised"]) == 1 else "")
    for words in case["says"]:
        assert words in found.sentence


def test_every_mode_of_the_catalogue_is_recognised_somewhere() -> None:
    one = {case["recognised"][0] for case in CASES if len(case["recognised"]) == 1}
    assert one >= {name for name in catalog.load() if in_kubernetes(name)}


@pytest.mark.parametrize(("bgp", "peers", "kind"), [
    ({}, (), "mesh"), ({"nodeToNodeMeshEnabled": True}, ({"peerIP": "192.0.2.1"},), "mesh"),
    ({"nodeToNodeMeshEnabled": False}, (), "nobody"),
    ({"nodeToNodeMeshEnabled": False}, ({"peerIP": "192.0.2.1"}, {"node": "a", "peerIP": "192.0.2.2"}), "global and node"),
])
def test_who_peers_with_whom(bgp: dict[str, Any], peers: tuple[dict[str, Any], ...], kind: str) -> None:
    assert peering(bgp, peers) == kind


# Whatever a cluster says, in places where something sensible is expected.
_JSON = st.sampled_from([None, True, 0, -1, 2**70, "", "Always", "10.0.0.0/8", "tunl0", [], [1], {}, {"Type": 1},
                         {"info_kind": {}}, {"info_kind": "tun", "info_data": []}, {"a": {"b": []}}])
_KEYS = ["cidr", "ipipMode", "vxlanMode", "dev", "dst", "ifname", "linkinfo", "Backend"]
_OBJECT = st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=4)


@given(st.builds(
    Evidence, daemon_sets=st.lists(st.sampled_from(["calico-node", "kube-flannel-ds", "weave-net", "cilium", "x"])).map(tuple),
    own=st.fixed_dictionaries({
        "calico": st.builds(
            CalicoEvidence, ip_pools=st.none() | st.lists(_OBJECT, max_size=2).map(tuple), bgp=st.none() | _OBJECT,
            peers=st.none() | st.lists(_OBJECT, max_size=2).map(tuple), felix=st.none() | _OBJECT),
        "flannel": st.builds(FlannelEvidence, net_conf=st.none() | _OBJECT)}),
    route=st.none() | _OBJECT, links=st.none() | st.lists(_OBJECT, max_size=2).map(tuple),
))
def test_whatever_a_cluster_says_it_is_answered(seen: Evidence) -> None:
    found = recognise(seen, MODES, FOUND)
    assert set(found.candidates) <= set(MODES)
    assert found.sentence
