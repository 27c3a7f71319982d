"""Which two nodes of a cluster measure. No cluster was started: the objects are written by hand, as Kubernetes shows nodes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.errors import UserError
from experiments.labs.cluster import fit_nodes


def _node(
    name: str, *, ready: str = "True", system: str = "linux", arch: str = "amd64", taint: str = "", cordoned: bool = False,
    address: str = "10.0.0.9", notes: dict[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "annotations": notes or {}},
        "spec": {"unschedulable": cordoned, "taints": [{"key": "x", "effect": taint}] if taint else []},
        "status": {"conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}],
                   "addresses": [{"type": "ExternalIP", "address": "192.0.2.9"}, {"type": "InternalIP", "address": address}],
                   "capacity": {"cpu": "4", "memory": "16Gi"},
                   "nodeInfo": {"operatingSystem": system, "architecture": arch, "kernelVersion": "6.8.0", "osImage": "X"}},
    }


def _chosen(*nodes: dict[str, Any], on: str = "") -> list[str]:
    return [member.name for member in fit_nodes.choose({"items": list(nodes)}, on)]


def test_the_first_two_that_are_fit_and_alike_measure() -> None:
    assert _chosen(
        _node("control", taint="NoSchedule"), _node("late", ready="Unknown"), _node("win", system="windows"),
        _node("arm", arch="arm64"), _node("a"), _node("cordoned", cordoned=True), _node("b"), _node("c"),
    ) == ["a", "b"]


def test_a_node_that_is_named_may_be_cordoned() -> None:
    assert _chosen(_node("a"), _node("b", cordoned=True, taint="NoSchedule"), _node("c"), on="b, a") == ["b", "a"]


def test_why_there_are_not_two_is_said_of_each() -> None:
    with pytest.raises(UserError) as refused:
        _chosen(_node("a"), _node("b", taint="NoExecute"), _node("c", arch="arm64"), _node("d", address="fd00::1"))
    for words in ("a: fit, amd64", "b: a taint ends pods on it", "c: fit, arm64", "d: it has no IPv4 address", "--on nodeA"):
        assert words in str(refused.value)


@pytest.mark.parametrize(("notes", "address"), [
    ({}, "10.0.0.9"), ({"projectcalico.org/IPv4Address": "172.16.0.4/20"}, "172.16.0.4"),
    ({"flannel.alpha.coreos.com/public-ip": "172.16.0.5"}, "172.16.0.5"),
    ({"projectcalico.org/IPv4Address": "nonsense"}, "10.0.0.9"),
])
def test_the_address_is_the_one_that_the_cni_uses(notes: dict[str, str], address: str) -> None:
    found, _ = fit_nodes.choose({"items": [_node("a", notes=notes), _node("b")]})
    assert found.address == address


def test_what_is_told_of_both_nodes_is_told_once_where_it_is_the_same() -> None:
    other = _node("b")
    other["status"]["nodeInfo"]["kernelVersion"] = "5.15.0"
    members = fit_nodes.choose({"items": [_node("a"), other]})
    facts = fit_nodes.host_facts("c123456", members)
    assert facts["kernel"] == "6.8.0 and 5.15.0"
    assert (facts["cores"], facts["memory_bytes"]) == (4, 16 * 2**30)
    assert "cpu_model" in facts["absent"]


_KEYS = ["items", "metadata", "name", "status", "conditions", "type", "nodeInfo", "addresses", "spec", "taints"]
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3), max_leaves=6)


@given(_ANY)
def test_whatever_a_cluster_says_of_nodes_it_is_answered(said: Any) -> None:
    with pytest.raises(UserError, match="Two nodes of one architecture are needed"):
        fit_nodes.choose(said)


def test_nodes_that_are_only_asked_about_may_be_broken_but_those_that_are_not_come_first() -> None:
    broken, one, two = (_node(name, ready=ready) for name, ready in (("a", "False"), ("b", "True"), ("c", "True")))
    chosen = fit_nodes.choose({"items": [broken, one, two]}, measuring=False)
    assert [member.name for member in chosen] == ["b", "c"]
    assert [member.name for member in fit_nodes.choose({"items": [broken, one]}, measuring=False)] == ["b", "a"]
    with pytest.raises(UserError, match="a: not ready"):
        fit_nodes.choose({"items": [broken, one]})
