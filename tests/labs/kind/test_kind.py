"""The kind lab driven end to end, against stand-ins for kind, kubectl, containerlab and docker: no cluster is started here.

The stand-ins (tests/labs/standins) check arguments and their order. Their nodes are processes in namespaces, and what a CNI
would set up is set up by the embedded lab's recipe on the fabric that was deployed: so the attestation and the measuring
are the real ones, and what they measure is not Kubernetes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from launchers import STANDINS
from machine import CLEAN, Machine, wait
from published import MANIFESTS, here

from experiments.catalog import get, limits
from experiments.labs.fabric import peering
from experiments.labs.kind import kind_cluster, kind_plan

pytestmark = [pytest.mark.lab, here]

DEPLOY = """
import json, sys
from dataclasses import asdict
from experiments.labs.backend import Means
from experiments.measure.deployment import Job, deploy
from experiments.variant import Variant
means = Means(manifests=sys.argv[2], image_archive=sys.argv[3])
outcome = deploy(Job(Variant(sys.argv[1], lab="kind"), 1, "smoke"), means=means)
print(json.dumps(asdict(outcome)))
"""
INTERRUPTED = """
import sys
from experiments.labs.backend import Means
from experiments.measure.deployment import Job, deploy
from experiments.variant import Variant
def interrupt(lab):
    raise KeyboardInterrupt
deploy(Job(Variant(sys.argv[1], lab="kind"), 1, "smoke"), hold=interrupt, means=Means(manifests=sys.argv[2]))
"""
NEIGHBOUR = """
import sys
sys.path.insert(0, sys.argv[1])
import world
world.start("neighbour-control-plane", cluster="neighbour")
"""


def _deploy(
    machine: Machine, mode: str, fault: str = "", manifests: Path = MANIFESTS, archive: str = ""
) -> dict[str, Any]:
    done = machine.run(DEPLOY, mode, str(manifests), archive, fault=fault)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def _nothing_left(machine: Machine) -> bool:
    return machine.containers == [] and machine.written_down == []


@pytest.mark.long
@pytest.mark.parametrize("mode", ["calico-bgp", "calico-bgp-global", "calico-bgp-node", "flannel-vxlan"])
def test_a_mode_is_typed_attested_measured_and_removed(mode: str, machine: Machine) -> None:
    outcome = _deploy(machine, mode)
    deployment = outcome["deployment"]
    assert deployment["status"] == "ok", deployment["reason"]
    assert all(check["ok"] for check in (*deployment["attestation_before"], *deployment["attestation_after"]))
    assert {trial["view"] for trial in deployment["trials"] if trial["status"] == "ok"} == {"wire", "speed"}
    wire = [t["wire_efficiency_ratio"] for t in deployment["trials"] if (t["view"], t["path"]) == ("wire", "pod-pod")]
    assert wire[-1] == pytest.approx(limits.wire_efficiency(get(mode)), rel=0.001)
    name = next(words for words in machine.log if words[:2] == ["kind", "create"])[4]
    plan = kind_plan.plan(get(mode), name, peering.routers(get(mode), kind_cluster.NODES))
    planned = [list(step.argv) for step in (*plan.up, *plan.down)]
    assert [words for words in machine.log if words in planned] == planned
    assert outcome["implementation"]["node image"] == f"{kind_cluster.IMAGE} (sha256:{'0' * 64})"
    assert outcome["implementation"]["kind"] == "0.32.0"
    assert str(machine.folder) not in json.dumps(outcome)  # a result names no folder of this machine
    assert _nothing_left(machine)


@pytest.mark.parametrize(("fault", "said", "has_logs"), [
    ("pull", "kind could not pull its node image", False),
    ("create", "failed to init node with kubeadm", True),
    ("deploy", "failed to create the second node", True),
    ("mtu", "eth1 has MTU 9500 instead of 1500", True),
    ("never-ready", "worker2: container runtime network not ready", True),
    ("images", "calico/node:v3.32.1: ImagePullBackOff", True),
    ("felix", "felix is not ready: readiness probe reporting 503", True),
])
def test_each_failure_has_its_own_message_and_leaves_nothing(fault: str, said: str, has_logs: bool, machine: Machine) -> None:
    deployment = _deploy(machine, "calico-bgp", fault)["deployment"]
    assert deployment["status"] == "failed"
    assert said in deployment["reason"]
    assert ("image registries cannot be reached" in deployment["reason"]) == (fault in ("pull", "images"))
    assert deployment["trials"] == []
    logs = list((machine.folder / "podpath" / "logs").glob("pp*/kind-version.txt"))
    assert len(logs) == has_logs
    assert not logs or f"kind's logs are in $XDG_STATE_HOME/podpath/logs/{logs[0].parent.name}." in deployment["reason"]
    assert _nothing_left(machine)


def test_a_name_that_is_taken_is_left_to_whoever_has_it(machine: Machine) -> None:
    deployment = _deploy(machine, "calico-bgp", "taken")["deployment"]
    assert "The cluster's name is taken" in deployment["reason"]
    assert len(machine.containers) == 1 and machine.written_down == []
    assert "kind delete" not in [f"{words[0]} {words[1]}" for words in machine.log]


def test_a_removal_that_only_says_it_worked_is_done_by_docker(machine: Machine) -> None:
    assert _deploy(machine, "flannel-vxlan", "delete")["deployment"]["status"] == "ok"
    assert "docker rm" in [f"{words[0]} {words[1]}" for words in machine.log]
    assert _nothing_left(machine)


def test_with_another_manifest_nothing_is_made(machine: Machine, tmp_path: Path) -> None:
    changed = tmp_path / "manifests"
    shutil.copytree(MANIFESTS, changed)
    file = changed / "calico-v3.32.1.yaml"
    file.write_text(file.read_text() + "\n")
    deployment = _deploy(machine, "calico-bgp", manifests=changed)["deployment"]
    assert "is not the manifest that was pinned" in deployment["reason"]
    file.unlink()
    done = machine.run(DEPLOY, "calico-bgp", str(changed), "")
    assert done.returncode != 0 and "calico-v3.32.1.yaml is not there" in done.stderr
    assert machine.log == [] and _nothing_left(machine)


def test_without_registries_the_images_come_from_an_archive(machine: Machine, tmp_path: Path) -> None:
    archive = tmp_path / "somebody's images.tar"
    archive.write_text("stands for the CNI's images\n")
    (machine.folder / "standin" / "images").write_text(kind_cluster.TAG)  # loaded by hand: without a digest
    outcome = _deploy(machine, "calico-bgp", archive=str(archive))
    assert outcome["deployment"]["status"] == "ok", outcome["deployment"]["reason"]
    assert outcome["implementation"]["node image"].startswith(f"{kind_cluster.TAG} (sha256:")
    loaded = next(i for i, words in enumerate(machine.log) if kind_plan.IMAGES_FILE in words)
    assert loaded < next(i for i, words in enumerate(machine.log) if kind_plan.MANIFEST_FILE in words)
    assert "somebody" not in json.dumps(outcome)
    assert _nothing_left(machine)


def test_ctrl_c_removes_it_in_order(machine: Machine) -> None:
    done = machine.run(INTERRUPTED, "calico-bgp", str(MANIFESTS))
    assert "KeyboardInterrupt" in done.stderr
    assert _nothing_left(machine)


def test_after_a_kill_nothing_goes_on_inside_and_clean_removes_it(machine: Machine) -> None:
    assert machine.run(NEIGHBOUR, str(STANDINS)).returncode == 0
    before = machine.containers
    killed = subprocess.Popen(machine.argv(DEPLOY, "calico-bgp", str(MANIFESTS), ""), stdout=subprocess.DEVNULL)
    wait(lambda: machine.running("iperf3"))
    killed.kill()
    killed.wait()
    wait(lambda: not machine.running("iperf3"))  # before anybody cleans
    done = machine.run(CLEAN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("removed: kind lab") == 1
    assert machine.containers == before and machine.written_down == []


@pytest.mark.parametrize(("fault", "made"), [("hang-in-kind", 1), ("hang", 4)])
def test_a_kill_while_it_is_made_leaves_nothing_that_clean_does_not_find(fault: str, made: int, machine: Machine) -> None:
    killed = subprocess.Popen(machine.argv(DEPLOY, "flannel-vxlan", str(MANIFESTS), "", fault=fault), stdout=subprocess.DEVNULL)
    wait(lambda: len(machine.containers) >= made)
    killed.kill()
    killed.wait()
    done = machine.run(CLEAN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "removed: kind lab" in done.stdout
    assert _nothing_left(machine)
    assert "Nothing to remove" in machine.run(CLEAN).stdout
