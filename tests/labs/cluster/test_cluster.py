"""The cluster lab, end to end, against a stand-in for kubectl: no cluster was started here.

The stand-in (tests/labs/standins/cluster_kubectl.py) is strict about arguments and order, and answers with objects that the
test wrote by hand in the shapes of the CNIs' published manifests. Its pods are places of an embedded lab that is built for
real: routes, links, captured packets and goodput are real. With `invoke test -- --cluster` the same experiment runs on the
cluster of the current kubectl context.
"""

from __future__ import annotations

import ast
import json
import marshal
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import launchers
import pytest
from standins import network
from tests_support import why_not_on_the_host

from experiments import catalog
from experiments.dataplanes.table import recipe_for
from experiments.labs.base import Pod, run
from experiments.labs.cluster.backend import RIGHTS
from experiments.labs.table import EMBEDDED_LAB
from experiments.paths import ROOT
from experiments.results import verdict
from experiments.results.model import ModeResult
from experiments.results.store import read_campaign
from experiments.results.validate import validate

# Names that a result must not hold: of nodes, of the context, of a registry.
NAMES = ("ip-10-20-30-41.somewhere.example", "ip-10-20-30-42.somewhere.example", "third.somewhere.example")
IMAGE = "registry.somewhere.example/tools/podpath-lab:1"
SECRET = (*NAMES, "somewhere")

FLANNEL = "flannel.alpha.coreos.com"
POOLS = "ippools.crd.projectcalico.org"
CALICO_IMAGE = "registry.somewhere.example/calico/node:v3.32.1"
REFLECTORS = [{"peerIP": "172.31.0.101", "asNumber": 64512}, {"peerIP": "172.31.0.102", "asNumber": 64512}]
RACKS = [{"nodeSelector": f"rack == '{i}'", "peerIP": f"172.31.{i}.1", "asNumber": 64600 + i} for i in (1, 2)]


@dataclass
class Machine:
    """This machine with the stand-in first in PATH, and a state folder of its own."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        # Each command starts the whole program, which is compiled once: an empty value is as good as none.
        return {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin",
                "PODPATH_STANDIN": str(self.folder / "standin"), "XDG_STATE_HOME": str(self.folder / "state"),
                "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": ""}

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "invoke", *arguments]

    def invoke(self, *arguments: str, fault: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.argv(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
                              env={**self.environment, "PODPATH_STANDIN_FAULT": fault}, stdin=subprocess.DEVNULL)

    def measure(self, mode: str, *more: str, fault: str = "") -> subprocess.CompletedProcess[str]:
        out = ("--out", str(self.folder / "out"))
        return self.invoke("experiment", mode, "--lab", "cluster", "--profile", "smoke", *out, *more, fault=fault)

    @property
    def result(self) -> ModeResult:
        folder, = (self.folder / "out").iterdir()
        _, (found,) = read_campaign(folder)
        return found

    @property
    def log(self) -> list[list[str]]:
        return [ast.literal_eval(line) for line in (self.folder / "standin" / "log").read_text().splitlines()]

    @property
    def left(self) -> list[str]:
        kept = ("standin/namespaces", "standin/pods", "state/podpath/labs")
        return sorted(path.name for place in kept for path in (self.folder / place).glob("*"))

    @property
    def told(self) -> dict[str, Any]:
        """What the stand-in says of its cluster."""
        return dict(marshal.loads((self.folder / "standin" / "cluster").read_bytes()))

    def tell(self, values: dict[str, Any]) -> None:
        # Not as JSON: the stand-in reads it at each call, and to import that takes longer than most calls.
        (self.folder / "standin" / "cluster").write_bytes(marshal.dumps(values))

    def change(self, **values: Any) -> None:
        self.tell({**self.told, **values})


def _node(name: str, address: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "annotations": more.pop("annotations", {})}, "spec": more.pop("spec", {}), "status": {
        "conditions": [{"type": "Ready", "status": more.pop("ready", "True")}],
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
        "capacity": {"cpu": "8", "memory": "32780900Ki"},
        "nodeInfo": {"operatingSystem": "linux", "architecture": "amd64", "kernelVersion": "6.8.0-31-generic",
                     "osImage": "Ubuntu 24.04 LTS", "kubeletVersion": "v1.34.8",
                     "containerRuntimeVersion": "containerd://2.1.1"}}}


def _daemon_set(name: str, namespace: str, container: str, image: str, **environment: str) -> dict[str, Any]:
    variables = [{"name": key, "value": value} for key, value in environment.items()]
    described = {"name": container, "image": image, "env": variables}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {
        "selector": {"matchLabels": {"k8s-app": name}}, "template": {"spec": {"containers": [described]}}}}


def _cni_pods(name: str) -> list[dict[str, Any]]:
    return [{"metadata": {"name": f"{name}-{mark}"}, "spec": {"nodeName": node}, "status": {"phase": "Running"}}
            for mark, node in zip("ab", NAMES, strict=False)]


def _calico(peers: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    bgp = [{"metadata": {"name": "default"}, "spec": {"nodeToNodeMeshEnabled": False, "asNumber": 64512}}] if peers else []
    return {"objects": {
        "daemonsets.apps": [_daemon_set("calico-node", "kube-system", "calico-node", CALICO_IMAGE)],
        POOLS: [{"metadata": {"name": "default-ipv4-ippool"}, "spec": {"cidr": "192.168.0.0/16", "ipipMode": "Never"}}],
        "bgpconfigurations.crd.projectcalico.org": bgp,
        "bgppeers.crd.projectcalico.org": [{"metadata": {"name": f"peer-{number}"}, "spec": spec}
                                           for number, spec in enumerate(peers or [])],
        "felixconfigurations.crd.projectcalico.org": [{"metadata": {"name": "default"}, "spec": {"bpfEnabled": False}}],
    }, "cni_pods": _cni_pods("calico-node"), "cni_namespaces": ["kube-system"],
        "daemons": {"calico-node-a": "node1", "calico-node-b": "node2"},
        "config_maps": {"kube-system/calico-config": {"veth_mtu": "0", "calico_backend": "bird"}}}


def _flannel(backend: str) -> dict[str, Any]:
    conf = {"Network": "10.244.0.0/16", "Backend": {"Type": backend}}
    return {"objects": {"daemonsets.apps": [_daemon_set("kube-flannel-ds", "kube-flannel", "kube-flannel",
                                                        "flannel-io/flannel:v0.28.9")]},
            "cni_pods": _cni_pods("kube-flannel-ds"), "cni_namespaces": ["kube-flannel"],
            "daemons": {"kube-flannel-ds-a": "node1", "kube-flannel-ds-b": "node2"},
            "config_maps": {"kube-flannel/kube-flannel-cfg": {"net-conf.json": json.dumps(conf)}}}


def _weave() -> dict[str, Any]:
    """Connections in the words of `weave status connections`; the peers' names are those of the recipe's bridges."""
    said = "-> {}:6783      established sleeve 02:77:65:61:76:0{}({}) mtu=1438"  # the connection's size, not the pods'
    # Each node is told of all, itself too; what weaver 2.9.0 says of that in a cluster of kind.
    itself = "\n-> {}:6783       failed      cannot connect to ourself, retry: never \n"
    return {"objects": {"daemonsets.apps": [_daemon_set("weave-net", "kube-system", "weave", "rajchaudhuri/weave-kube:2.9.0",
                                                        WEAVE_NO_FASTDP="1", WEAVE_MTU="1376")]},
            "cni_pods": _cni_pods("weave-net"), "cni_namespaces": ["kube-system"], "config_maps": {},
            "daemons": {"weave-net-a": "node1", "weave-net-b": "node2"},
            "weave": {"node1": {"status connections": said.format("172.31.0.2", 2, NAMES[1]) + itself.format("172.31.0.1")},
                      "node2": {"status connections": said.format("172.31.0.1", 1, NAMES[0]).replace("->", "<-")
                                + itself.format("172.31.0.2")}}}


OBJECTS = {
    "calico-bgp": _calico(), "calico-bgp-global": _calico(REFLECTORS), "calico-bgp-node": _calico(RACKS),
    "flannel-vxlan": _flannel("vxlan"), "flannel-udp": _flannel("udp"), "weave-sleeve": _weave(),
}


# Of each mode, one check that only it passes.
SIGN = {"calico-bgp": "bgp.session.Mesh_172_31_0_2", "calico-bgp-global": "bgp.session.Global_172_31_0_101",
        "calico-bgp-node": "bgp.session.Node_172_31_1_1", "flannel-vxlan": "fdb.destination", "flannel-udp": "process",
        "weave-sleeve": "weave.connection"}


def _flannel_notes(mode: str, number: int) -> dict[str, str]:
    """What flanneld writes on its node; the MAC address is the one that the recipe gives to the device."""
    if mode == "flannel-udp":
        return {f"{FLANNEL}/backend-type": "", f"{FLANNEL}/backend-data": "null"}
    return {f"{FLANNEL}/backend-type": "vxlan",
            f"{FLANNEL}/backend-data": json.dumps({"VNI": 1, "VtepMAC": f"02:00:00:00:00:0{number}"})}


@contextmanager
def _somebody_s_cluster(mode: str, folder: Path) -> Iterator[Machine]:
    """An embedded lab in which the mode is built, told about by the stand-in as a cluster of three nodes."""
    standin = folder / "standin"
    for place in (standin / "namespaces", standin / "pods"):
        place.mkdir(parents=True)
    launchers.install(folder / "bin", "cluster_kubectl", program="kubectl")
    with EMBEDDED_LAB.up(catalog.get(mode)) as lab:
        for speaker in lab.routers if catalog.get(mode).underlay.kind == "routed" else lab.nodes:
            run(lab, "underlay", network.shaped(f"port{speaker.index}"))
        recipe = recipe_for(catalog.get(mode), lab)
        recipe.build()
        recipe.wait_ready(30)
        marks = [_flannel_notes(mode, number) if mode.startswith("flannel") else {} for number in (1, 2)]
        nodes = [_node(NAMES[2], "172.31.0.3", ready="False"),
                 *(_node(name, node.address, annotations=note)
                   for name, node, note in zip(NAMES, lab.nodes, marks, strict=False))]
        places: list[Pod] = list(recipe.pods)
        machine = Machine(folder)
        machine.tell({
            "uid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "nodes": nodes, "enter": lab.command("", []),
            "addresses": {**{pod.name: pod.address for pod in places}, **{node.name: node.address for node in lab.nodes}},
            **OBJECTS[mode]})
        yield machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with _somebody_s_cluster("calico-bgp", tmp_path) as found:
        yield found


def _verbs(log: list[list[str]]) -> list[str]:
    return [next(word for word in words if word not in ("--context", "somewhere")) for words in log]


def _holds_up(found: ModeResult, folder: Path) -> None:
    """What must be true of a result from any cluster."""
    deployment, = found.deployments
    assert deployment.status == "ok", deployment.reason
    assert deployment.attestation_before and deployment.attestation_after
    assert all(check.ok for check in (*deployment.attestation_before, *deployment.attestation_after))
    for trial in deployment.trials:
        if trial.view == "wire":
            assert trial.status == "not-run" and "not ours to change" in str(trial.reason)
        assert trial.noise == {}  # this machine's noise is not theirs
    speed, = (trial for trial in deployment.trials if (trial.view, trial.path) == ("speed", "pod-pod"))
    # A busy machine can stretch a second between sender and receiver until the judgement refuses the trial; then it says so.
    assert (speed.status == "ok" and speed.goodput_bps) or (speed.status == "failed" and speed.reason), speed
    report = validate(folder, modes=catalog.load())
    assert report.errors == []


@pytest.mark.long
@pytest.mark.lab
@pytest.mark.parametrize("mode", OBJECTS)
def test_what_the_cluster_runs_is_recognised_attested_measured_and_removed(mode: str, tmp_path: Path) -> None:
    if reason := why_not_on_the_host(mode):
        pytest.skip(reason)
    with _somebody_s_cluster(mode, tmp_path) as machine:
        recognised = json.loads(machine.invoke("recognise", "--format", "json").stdout)
        assert recognised["mode"] == mode, recognised
        assert set(_verbs(machine.log)) == {"config", "get", "exec"}  # it only reads
        (machine.folder / "standin" / "log").unlink()
        done = machine.measure("auto", "--image", IMAGE)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"It runs {mode}:" in done.stdout
        assert f"node1 is {NAMES[0]}, node2 is {NAMES[1]}" in done.stdout
        _holds_up(machine.result, next((tmp_path / "out").iterdir()))
        assert machine.result.lab == "cluster" and machine.result.mode == mode
        assert machine.result.deployments[0].packet is not None
        assert machine.left == []
        checks = {check.check for check in machine.result.deployments[0].attestation_before}
        assert checks >= {"pod.ttl", "mtu.fits", "packet.headers", "underlay.mtu_bytes", "pod.device_mtu_bytes", SIGN[mode]}
        stored = "".join(path.read_text(errors="replace") for path in (tmp_path / "out").rglob("*.yml"))
        assert [name for name in SECRET if name in stored] == []
        verbs = _verbs(machine.log)
        assert verbs[:verbs.index("create")].count("auth") == len(RIGHTS)  # rights first
        # Where the baselines drift the deployment is made again; each goes whole.
        assert verbs.count("create") == 4 * verbs.count("delete") and verbs.count("auth") == len(RIGHTS) * verbs.count("delete")
        assert verbs[-2:] == ["delete", "get"]  # and is seen to be gone


@pytest.mark.lab
def test_of_a_cluster_that_refuses_pods_on_its_nodes_networks_the_rest_is_measured(machine: Machine) -> None:
    done = machine.measure("calico-bgp", fault="hostnetwork")
    assert done.returncode == 0, done.stdout + done.stderr
    result = machine.result
    _holds_up(result, next((machine.folder / "out").iterdir()))
    deployment = result.deployments[0]
    assert deployment.packet is None
    baselines = [trial for trial in deployment.trials if (trial.view, trial.path) == ("speed", "host-host")]
    assert baselines and all(trial.status == "not-run" and "violates PodSecurity" in str(trial.reason) for trial in baselines)
    assert "links, routes and a captured packet" in result.implementation["not looked at"]
    said = verdict.warnings(result)  # as the mode's page shows it
    assert any(words.startswith("wire (host-host), wire: not run, because the counters") for words in said)
    assert any(words.startswith("speed (host-host): not run, because there are no pods") for words in said)
    assert any("not looked at: links, routes and a captured packet" in words for words in said)
    seen = {check.check for check in deployment.attestation_before}
    assert {"ippool.ipipMode", "felix", "bgp.session.Mesh_172_31_0_2"} <= seen
    assert machine.left == []


@pytest.mark.lab
def test_where_neither_objects_nor_daemons_may_be_seen_the_nodes_decide(machine: Machine) -> None:
    done = machine.measure("calico-bgp", fault="forbidden-objects,exec-daemons")
    assert done.returncode == 0, done.stdout + done.stderr
    said = machine.result.implementation["not looked at"]
    assert "ippools" in said and "birdcl" in said


@pytest.mark.lab
def test_sessions_that_stand_do_not_hide_that_felix_is_not_ready(machine: Machine) -> None:
    done = machine.measure("calico-bgp", fault="felix")
    assert done.returncode == 1
    deployment, = machine.result.deployments
    checks = {(check.check, check.at): check for check in deployment.attestation_before}
    assert checks["bgp.session.Mesh_172_31_0_2", "node1"].ok and not checks["felix", "node1"].ok
    assert "readiness probe reporting 503" in str(checks["felix", "node1"].observed)
    assert deployment.trials == () and machine.left == []


@pytest.mark.lab
def test_where_nothing_of_the_mode_may_be_seen_there_is_no_number(machine: Machine) -> None:
    done = machine.measure("calico-bgp", fault="hostnetwork,forbidden-objects,exec-daemons")
    assert done.returncode == 1
    deployment, = machine.result.deployments
    assert deployment.status == "failed" and deployment.trials == ()
    assert "none could be seen" in str(deployment.reason)
    assert machine.left == []


@pytest.mark.lab
@pytest.mark.parametrize(("fault", "arguments", "said"), [
    ("no-context", (), "kubectl has no current context"),
    ("unreachable", (), "does not tell its nodes"),
    ("may-not:create namespaces,may-not:create pods", (), "you may not: create namespaces, create pods, create pods/exec"),
    ("pull", (), "cannot pull the lab's image podpath-lab:1: podpath-lab:1: ImagePullBackOff, Back-off pulling image"),
    ("pods", (), "does not let the measuring pods in"),
    ("", ("--on", NAMES[0]), "does not name two nodes"),
    ("", ("--on", f"{NAMES[0]},{NAMES[2]}"), "cannot measure: not ready"),
    ("", ("--on", f"{NAMES[0]},nobody"), "There is no node nobody"),
    ("", ("--nodes", "3"), "3 nodes cannot be had"),
])
def test_what_is_wrong_is_said_and_nothing_is_left(
    fault: str, arguments: tuple[str, ...], said: str, machine: Machine
) -> None:
    done = machine.measure("calico-bgp", *arguments, fault=fault)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert machine.left == []
    assert not list((machine.folder / "out").glob("*"))  # no campaign of nothing


@pytest.mark.lab
def test_another_mode_than_the_cluster_s_is_refused_with_the_evidence(machine: Machine) -> None:
    done = machine.measure("calico-ipip")
    assert done.returncode == 2
    assert "This cluster does not run calico-ipip, but calico-bgp: daemon set calico-node; IPPool 192.168.0.0/16" in done.stderr
    assert "create" not in _verbs(machine.log)


@pytest.mark.lab
def test_a_mode_that_only_the_nodes_show_is_refused_when_they_have_been_looked_at(machine: Machine) -> None:
    """The pools leave it open (CrossSubnet); the route does not."""
    objects = machine.told["objects"]
    objects[POOLS][0]["spec"]["ipipMode"] = "CrossSubnet"
    machine.change(objects=objects)
    done = machine.measure("calico-ipip")
    assert done.returncode == 2, done.stdout
    assert "but calico-bgp" in done.stderr and "dev eth0 proto bird" in done.stderr
    assert machine.left == []


@pytest.mark.lab
def test_a_pool_that_the_nodes_do_not_follow_is_said_and_not_measured(machine: Machine) -> None:
    """As where IPIP is switched on by hand, and the kernel has no ipip."""
    objects = machine.told["objects"]
    objects[POOLS][0]["spec"]["ipipMode"] = "Always"
    machine.change(objects=objects)
    done = machine.measure("auto")
    assert done.returncode == 2, done.stdout
    assert "cannot be said: it disagrees about encapsulation (objects: ipip; routes: none)." in done.stderr
    assert "create" not in _verbs(machine.log)


@pytest.mark.lab
def test_a_node_that_ends_a_pod_fails_the_deployment_without_its_name(machine: Machine) -> None:
    done = machine.measure("calico-bgp", fault="evicted")
    assert done.returncode == 1
    assert "Evicted, node2 was low on memory" in str(machine.result.deployments[0].reason)
    assert machine.left == []


@pytest.mark.lab
@pytest.mark.parametrize("fault", ["", "hang"])
def test_after_a_kill_clean_removes_the_namespace_and_no_other(fault: str, machine: Machine) -> None:
    running = subprocess.Popen(machine.argv("experiment", "calico-bgp", "--lab", "cluster", "--profile", "quick", "--out",
                                            str(machine.folder / "out")), cwd=ROOT, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**machine.environment, "PODPATH_STANDIN_FAULT": fault})
    wanted = 2 if fault else 6  # what is written down and the namespace; with the four pods
    _wait(lambda: len(machine.left) >= wanted)
    running.kill()
    running.wait()
    machine.change(cleaning=True)
    elsewhere = machine.told["uid"]
    machine.change(uid="another-cluster")
    refused = machine.invoke("clean")
    assert refused.returncode == 2 and "is in another cluster" in refused.stdout
    machine.change(uid=elsewhere)
    neighbour = machine.folder / "standin" / "namespaces" / "podpath-somebody"
    labels = {"podpath-lab": "pp00000000"}
    neighbour.write_text(json.dumps({"metadata": {"name": "podpath-somebody", "uid": "1", "labels": labels}}))
    done = machine.invoke("clean")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "removed: cluster lab" in done.stdout
    assert machine.left == ["podpath-somebody"]
    assert "Nothing to remove" in machine.invoke("clean").stdout


@pytest.mark.lab
def test_a_namespace_of_that_name_with_another_uid_is_left_alone(machine: Machine) -> None:
    done = machine.measure("calico-bgp", fault="stuck")
    assert done.returncode == 1
    namespace, = (machine.folder / "standin" / "namespaces").iterdir()
    stored = json.loads(namespace.read_text())
    stored["metadata"]["uid"] = "somebody-else-s"
    namespace.write_text(json.dumps(stored))
    machine.change(cleaning=True)
    assert machine.invoke("clean").returncode == 0
    assert namespace.exists()


def test_dry_run_prints_what_a_person_could_paste(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    done = machine.measure("auto", "--dry-run", "--image", IMAGE)
    assert done.returncode == 0, done.stderr
    for words in ("kubectl auth can-i create namespaces", "kubectl create --filename - --output json <<'END'", "NODE-B", IMAGE,
                  "activeDeadlineSeconds", "kubectl delete namespace podpath-0123abcd", "speed, pod-pod"):
        assert words in done.stdout


@pytest.mark.cluster
@pytest.mark.timeout(1800)
def test_a_real_cluster_is_measured_and_left_as_it_was(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    image = str(request.config.getoption("--cluster-image"))
    argv = [*Machine(tmp_path).argv("experiment", "auto", "--lab", "cluster", "--profile", "smoke"), "--out", str(tmp_path)]
    done = subprocess.run([*argv, *(["--image", image] if image else [])], cwd=ROOT, capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    folder, = tmp_path.iterdir()
    _, (found,) = read_campaign(folder)
    _holds_up(found, folder)
    listing = ["kubectl", "get", "namespaces", "--selector", "podpath-lab", "--output", "name"]
    left = subprocess.run(listing, capture_output=True, text=True, check=True)
    assert left.stdout == ""


def _wait(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
