"""Which mode a cluster runs, by evidence in layers; no cluster was started: see clusters.py and corpus.py beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from clusters import CALI, IPIP_ROUTE, TUNL0, Cluster, calico, flannel, sessions, with_files
from corpus import CASES, Case
from hypothesis import given
from hypothesis import strategies as st

from experiments import catalog
from experiments.catalog.pending import in_kubernetes
from experiments.cli.recognise import conclusion
from experiments.dataplanes.found import saved
from experiments.dataplanes.found.calico import CalicoEvidence
from experiments.dataplanes.found.calico_peers import kind_of, peering
from experiments.dataplanes.found.cni import Evidence
from experiments.dataplanes.found.daemon_sets import of_cnis
from experiments.dataplanes.found.flannel import FlannelEvidence
from experiments.dataplanes.found.inquiry import AskedNode, of_cluster
from experiments.dataplanes.found.node_view import NodeView
from experiments.dataplanes.found.recognise import Verdict, recognise
from experiments.dataplanes.table import FOUND
from experiments.errors import UserError
from experiments.labs.cluster import fit_nodes
from experiments.paths import ROOT

GIVEN = ROOT / "tests" / "golden" / "clusters"
MODES = {**catalog.load(), **catalog.variants()}


def ask(folder: Path, on: str = "") -> Verdict:
    """The verdict on a saved cluster, as `invoke recognise --from` has it."""
    nodes = saved.nodes(folder)
    first, second = fit_nodes.choose({"items": nodes}, on, measuring=False)
    members = AskedNode(first.name, first.address), AskedNode(second.name, second.address)
    return of_cluster(saved.Saved(folder=folder), members, nodes, FOUND, saved.asker(folder))


def _said(verdict: Verdict) -> str:
    return " | ".join(one.said for one in verdict.findings)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_is_recognised_and_by_what(case: Case, tmp_path: Path) -> None:
    verdict = ask(case.cluster.write(tmp_path))
    assert verdict.mode == case.mode, (verdict.candidates, verdict.undecided, verdict.unconfirmed, _said(verdict))
    for words in case.says:
        assert words in _said(verdict)


def test_the_corpus_has_every_mode_and_enough_clusters() -> None:
    assert {case.mode for case in CASES} >= {name for name in catalog.load() if in_kubernetes(name)}
    assert len(CASES) >= 25


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_without_any_one_thing_it_is_the_same_mode_or_none_never_another(case: Case, tmp_path: Path) -> None:
    for number, (missing, reduced) in enumerate(case.cluster.reduced()):
        try:
            found = ask(reduced.write(tmp_path / str(number)), "n1,n2").mode
        except UserError:
            continue  # without one of the two nodes, or with another node's links, there is no answer
        assert found in (case.mode, ""), missing


def test_what_the_nodes_have_not_shown_is_no_verdict(tmp_path: Path) -> None:
    files = {name: content for name, content in calico().files.items() if "/" not in name}
    verdict = ask(Cluster(files).write(tmp_path))
    assert (verdict.mode, verdict.presumed, verdict.unconfirmed) == ("", "calico-bgp", ("peers", "route"))
    assert any("the node itself (there is no n1/links.json)" in words for words in verdict.hidden)


# The clusters that were reported, by their API's answers alone: which modes are left, and words of the evidence.
ROWS = [
    ("calico-vxlan-crosssubnet", {"calico-bgp"}, "", "vxlanMode CrossSubnet"),
    ("calico-vxlan-always", set(), "", "vxlanMode Always"),
    ("calico-rr-mesh-off", {"calico-bgp-global"}, "calico-bgp-global", "no mesh; BGPPeers: global (2)"),
    ("rke2-canal", set(), "", "daemon set rke2-canal (calico and flannel)"),
    ("stale-flannel-now-kubeovn", set(), "", "which may be left from before"),
    ("calico-etcd", {"calico-bgp", "calico-bgp-global", "calico-bgp-node", "calico-ipip"}, "", "not visible: who peers"),
    ("calico-v3crds", {"calico-bgp"}, "calico-bgp", "nodes peer with each other"),
    ("flannel-windows-vni", {"flannel-vxlan"}, "flannel-vxlan", "Backend.Type vxlan"),
    ("flannel-changed-no-restart", set(), "", "nodes disagree: host-gw on k-b; vxlan on k-a"),
]


def as_saved(name: str, folder: Path) -> Path:
    """A reported cluster's answers, as a folder."""
    for question, answer in json.loads((GIVEN / f"{name}.json").read_text()).items():
        _, resource, *more = question.split()
        if resource == "configmap":
            answer = {"items": [{"metadata": {"name": more[0], "namespace": "kube-flannel"}, **answer}]}
        (folder / (".".join([resource, *more]) + ".json")).write_text(json.dumps(answer))
    return folder


@pytest.mark.parametrize(("name", "left", "presumed", "words"), ROWS, ids=[row[0] for row in ROWS])
def test_reported_clusters(name: str, left: set[str], presumed: str, words: str, tmp_path: Path) -> None:
    verdict = ask(as_saved(name, tmp_path))
    assert set(verdict.candidates) == left
    assert (verdict.mode, verdict.presumed) == ("", presumed)  # the nodes themselves were not asked
    assert words in _said(verdict)


def test_what_disagrees_is_named_with_both_sides(tmp_path: Path) -> None:
    verdict = ask(calico(ipip="Always").write(tmp_path))
    assert verdict.disagreement == {"encapsulation": {"objects": ("ipip",), "routes": ("none",)}}
    assert conclusion(verdict).endswith("It disagrees about encapsulation (objects: ipip; routes: none).")
    assert verdict.sentence.startswith(
        "no mode for certain, as what is seen disagrees about encapsulation (objects: ipip; routes: none): daemon set")


def test_with_etcd_links_and_routes_decide(tmp_path: Path) -> None:
    without = calico(group="", links=(CALI, TUNL0), route=IPIP_ROUTE)
    verdict = ask(without.write(tmp_path / "1"))
    assert verdict.candidates == ("calico-ipip",)
    assert verdict.undecided == ("peers",)  # by connections alone a reflector among the two nodes looks like a mesh
    asked = with_files(without, {f"{node}/bird.txt": sessions("Mesh_10_0_0_9") for node in ("n1", "n2")})
    assert ask(asked.write(tmp_path / "2")).mode == "calico-ipip"


def test_a_cluster_of_ipv6_alone_is_out_of_scope_and_a_dual_one_is_asked_by_ipv4(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="IPv6 addresses only: s-a, s-b") as refusal:
        ask(as_saved("ipv6only", tmp_path))
    assert "docs/scope.md" in refusal.value.advice and "--on" not in refusal.value.advice
    dual = flannel()
    for one in dual.files["nodes.json"]:
        one["status"]["addresses"].insert(0, {"type": "InternalIP", "address": "fd00::1"})
    pods = dual.files["pods.txt"].replace("192.168.2.2", "fd00::2:2,192.168.2.2")
    assert ask(with_files(dual, {"pods.txt": pods}).write(tmp_path / "dual")).mode == "flannel-vxlan"


@pytest.mark.parametrize(("bgp", "peers", "kind"), [
    ({}, (), "mesh"), ({"nodeToNodeMeshEnabled": True}, ({"peerIP": "192.0.2.1"},), "mesh"),
    ({"nodeToNodeMeshEnabled": False}, (), "nobody"),
    ({"nodeToNodeMeshEnabled": False}, ({"peerIP": "192.0.2.1"}, {"node": "a", "peerIP": "192.0.2.2"}), "global and node"),
    ({"nodeToNodeMeshEnabled": False}, ({"nodeSelector": "all()", "peerIP": "192.0.2.1"},), "global"),
    ({"nodeToNodeMeshEnabled": False}, ({"nodeSelector": "!has(rr)", "peerSelector": "has(rr)"},), "global"),
    ({"nodeToNodeMeshEnabled": False}, ({"nodeSelector": "!has(rr)", "peerIP": "10.0.0.3"},), "global"),
])
def test_who_peers_with_whom(bgp: dict[str, Any], peers: tuple[dict[str, Any], ...], kind: str) -> None:
    assert peering(bgp, peers, frozenset({"10.0.0.3"})) == kind


def test_whose_session_it_is_stands_in_its_name() -> None:
    nodes = frozenset({"10.0.0.3"})
    kinds = {"Mesh_10_0_0_1": "mesh", "Global_10_0_9_1": "global", "Node_10_0_9_1": "node", "Node_10_0_0_3": "global",
             "static1": ""}
    assert {name: kind_of(name, nodes) for name in kinds} == kinds


# Whatever a cluster says, in places where something sensible is expected.
_JSON = st.sampled_from([None, True, 0, -1, 2**70, "", "Always", "10.0.0.0/8", "tunl0", [], [1], {}, {"Type": 1},
                         {"info_kind": {}}, {"info_kind": "tun", "info_data": []}, {"a": {"b": []}}])
_KEYS = ["cidr", "ipipMode", "vxlanMode", "dev", "dst", "ifname", "linkinfo", "Backend", "peerIP", "metadata", "annotations"]
_OBJECT = st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=4)
_OBJECTS = st.none() | st.lists(_OBJECT, max_size=2).map(tuple)
_PUBLISHED = {name: cni.published for name, cni in FOUND.items()}
_SETS = st.lists(st.sampled_from(["calico-node", "kube-flannel-ds", "weave-net", "cilium", "x"]), max_size=3).map(
    lambda names: of_cnis([{"metadata": {"name": name}} for name in names], _PUBLISHED))


@given(st.builds(
    Evidence, daemon_sets=st.none() | _SETS, pod=st.sampled_from(["", "10.0.0.1", "x"]),
    own=st.fixed_dictionaries({
        "calico": st.builds(CalicoEvidence, ip_pools=_OBJECTS, bgp=st.none() | _OBJECT, peers=_OBJECTS,
                            felix=st.none() | _OBJECT),
        "flannel": st.builds(FlannelEvidence, net_conf=st.none() | _OBJECT)}),
    nodes=st.lists(_OBJECT, max_size=2).map(tuple),
    views=st.lists(st.builds(NodeView, name=st.just("n1"), address=st.just("10.0.0.1"), pod=st.just("10.0.0.2"), links=_OBJECTS,
                             routes=_OBJECTS, entries=_OBJECTS), max_size=2).map(tuple),
))
def test_whatever_a_cluster_says_it_is_answered(seen: Evidence) -> None:
    verdict = recognise(seen, MODES, FOUND)
    assert set(verdict.candidates) <= set(MODES)
    assert verdict.sentence
