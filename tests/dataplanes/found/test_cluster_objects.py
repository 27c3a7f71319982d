"""What a cluster's API says, read without trust; no cluster was started. Answers are written by hand in each tool's format."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import catalog
from experiments.dataplanes import table
from experiments.dataplanes.found import cluster_objects, node_view, weave
from experiments.dataplanes.found.cluster_objects import Reader
from experiments.errors import ExperimentFailed
from experiments.labs.kubernetes.base import Kubectl


class Scripted(Kubectl):
    """kubectl with answers by the resource that is asked for; an exception is raised instead."""

    answers: ClassVar[dict[str, Any]] = {}

    def json(self, *arguments: str, timeout_s: float = 0.0) -> Any:
        said = self.answers[arguments[1]]
        if isinstance(said, str):
            raise ExperimentFailed(said)
        return said


@pytest.fixture
def reader() -> Reader:
    Scripted.answers = {}
    return Reader(Scripted())


def test_what_may_not_be_read_is_not_the_same_as_what_is_not_there(reader: Reader) -> None:
    Scripted.answers = {"ippools.crd.projectcalico.org": "Error from server (Forbidden): ippools is forbidden",
                        "bgppeers.crd.projectcalico.org": "error: the server doesn't have a resource type \"bgppeers\""}
    assert reader.specs("ippools.crd.projectcalico.org", ("cidr",)) is None
    assert reader.items("bgppeers.crd.projectcalico.org") == []
    assert list(reader.unseen) == ["ippools"] and "forbidden" in reader.unseen["ippools"]
    assert reader.specs("bgppeers.crd.projectcalico.org", ("node",)) is None  # with etcd they are not in the API
    assert reader.unseen["bgppeers"] == "the cluster's API has no such kind"


def test_the_group_is_the_one_that_the_cluster_knows(reader: Reader) -> None:
    Scripted.answers = {"ippools.a": "error: the server doesn't have a resource type \"ippools\"", "ippools.b": {"items": []},
                        "ippools.c": "Error from server (Forbidden): ippools is forbidden"}
    assert reader.group("ippools", ("a", "b")) == "b"
    assert reader.group("ippools", ("c", "b")) == "b" and reader.unseen == {}
    assert reader.group("ippools", ("a", "c")) == "a"


def test_what_was_read_is_written_down_as_the_command_shows_it(reader: Reader) -> None:
    Scripted.answers = {"bgpconfigurations.crd.projectcalico.org": {"items": [
        {"metadata": {"name": "other"}, "spec": {"asNumber": 1}},
        {"metadata": {"name": "default", "annotations": {"whose": "cluster"}}, "spec": {"asNumber": 64512, "secret": "x"}}]}}
    assert reader.spec("bgpconfigurations.crd.projectcalico.org", "default", ("nodeToNodeMeshEnabled", "asNumber")) == {
        "name": "default", "asNumber": 64512}
    step, = reader.transcript.steps
    assert step.command == ("kubectl get bgpconfigurations.crd.projectcalico.org default -o json | "
                            "jq -c '.spec | {nodeToNodeMeshEnabled, asNumber}'")
    assert step.output == '{"nodeToNodeMeshEnabled":null,"asNumber":64512}'


@pytest.mark.parametrize(("reference", "shown"), [
    ("registry.corp.example:5000/mirror/calico/node:v3.32.1", "calico/node:v3.32.1"), ("calico/node:v3", "calico/node:v3"),
    ("localhost/x:1", "x:1"), ("busybox", "busybox"), ("a.example/b/c@sha256:" + "0" * 64, "b/c@sha256:000000000000"),
    ("a.example/b/c:2@sha256:" + "0" * 64, "b/c:2"),
])
def test_an_image_is_named_without_whose_registry_it_is_in(reference: str, shown: str) -> None:
    assert cluster_objects.plain_image(reference) == shown


def test_a_daemon_s_pods_are_found_by_node_and_only_real_names_are_used(reader: Reader) -> None:
    Scripted.answers = {"pods": {"items": [
        {"metadata": {"name": "calico-node-a"}, "spec": {"nodeName": "one"}, "status": {"phase": "Running"}},
        {"metadata": {"name": "--kubeconfig=x"}, "spec": {"nodeName": "two"}, "status": {"phase": "Running"}},
        {"metadata": {"name": "calico-node-c"}, "spec": {"nodeName": "three"}, "status": {"phase": "Pending"}}]}}
    described = {"metadata": {"name": "calico-node", "namespace": "calico-system"}, "spec": {
        "selector": {"matchLabels": {"k8s-app": "calico-node"}},
        "template": {"spec": {"containers": [{"name": "calico-node", "image": "calico/node:v3", "env": [
            {"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {}}}]}]}}}}
    found = cluster_objects.pods_of(reader, described, "calico", "calico-node")
    assert found is not None
    assert found.on == {"one": "calico-node-a"}
    assert found.environment("calico-node") == {"A": "1", "B": "set"}
    described["metadata"]["namespace"] = "-x"
    assert cluster_objects.pods_of(reader, described, "calico", "calico-node") is None


def test_weave_s_words_about_its_connections() -> None:
    """The form is that of weaveworks/weave site/tasks/manage/fastdp.md and of reports that users publish."""
    text = """<- 10.0.0.6:52577     established fastdp 9a:68:96:e5:f9:ea(name) mtu=1376
-> 10.0.0.7:6783      established encrypted   sleeve 72:d5:3d:2c:5a:cd(other) mtu=1376
-> 10.0.0.8:6783      failed      dial tcp 10.0.0.8:6783: connect: connection refused, retry: 2026-01-01
<-10.0.0.9:43889  pending fastdp a6:66:4f:a5:8a:11(third)
"""
    assert weave.connections(text) == {
        "10.0.0.6": "established fastdp", "10.0.0.7": "established sleeve", "10.0.0.9": "pending fastdp"}


def test_weave_s_short_ids_make_the_tunnel_s_identifier() -> None:
    """As weaver 2.9.0 answers that template."""
    text = "aa:1c:ba:28:9d:98 161\n4a:da:58:e3:30:82 2523\n\nerror: 02:00:00:00:00:01 12\n02:00:00:00:00:02 70000\n"
    assert weave.short_ids(text) == {"aa:1c:ba:28:9d:98": 161, "4a:da:58:e3:30:82": 2523}


@given(st.text(max_size=200))
def test_whatever_weave_says_it_is_answered(text: str) -> None:
    assert isinstance(weave.connections(text), dict)
    assert isinstance(weave.short_ids(text), dict)


def test_the_narrowest_route_decides() -> None:
    routes = [{"dst": dst, "dev": dev} for dst, dev in (("default", "eth0"), ("10.244.0.0/16", "flannel0"),
                                                        ("10.244.2.0/24", "x"), ("10.244.2.7", "y"))]
    assert node_view.longest(routes)["dev"] == "y"
    assert node_view.longest(routes[:1])["dev"] == "eth0"
    assert node_view.longest([]) == {}


def test_every_cni_of_the_catalogue_has_a_recipe_in_kubernetes() -> None:
    for mode in {**catalog.load(), **catalog.variants()}.values():
        assert mode.encapsulation.name in table.FOUND[mode.cni.name].recipes
