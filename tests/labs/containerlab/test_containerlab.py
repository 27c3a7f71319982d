"""The containerlab lab driven end to end, against stand-ins for containerlab and docker: no container is started here.

The stand-ins (tests/labs/standins) check the arguments; their nodes are processes in namespaces, so that the recipes,
the attestation and the measuring are the real ones. Everything runs in private namespaces that end with the test.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest
from machine import CLEAN, Machine, wait

pytestmark = pytest.mark.lab

MODES = ("calico-bgp", "calico-bgp-global", "calico-bgp-node", "flannel-vxlan", "flannel-udp", "weave-sleeve")

DEPLOY = """
import json, sys
from dataclasses import asdict
from experiments.variant import Variant
from experiments.errors import ExperimentFailed
from experiments.measure.deployment import Job, deploy
from experiments.variant import Variant
outcome = deploy(Job(Variant(sys.argv[1], lab="containerlab"), 1, "smoke", nodes=int(sys.argv[2])))
print(json.dumps(asdict(outcome.deployment)))
"""


def _deploy(machine: Machine, mode: str, nodes: int = 2, fault: str = "") -> dict[str, Any]:
    done = machine.run(DEPLOY, mode, str(nodes), fault=fault)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def _verbs(log: Sequence[Sequence[str]]) -> list[str]:
    return [f"{words[0]} {words[1]}" for words in log]


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
def test_a_mode_is_built_attested_measured_and_removed(mode: str, machine: Machine) -> None:
    deployment = _deploy(machine, mode)
    assert deployment["status"] == "ok", deployment["reason"]
    assert all(check["ok"] for check in (*deployment["attestation_before"], *deployment["attestation_after"]))
    assert {trial["view"] for trial in deployment["trials"] if trial["status"] == "ok"} == {"wire", "speed"}
    assert _verbs(machine.log)[:2] == ["containerlab deploy", "docker container"]
    assert "containerlab destroy" in _verbs(machine.log)
    assert machine.containers == [] and machine.written_down == []


def test_three_nodes(machine: Machine) -> None:
    assert _deploy(machine, "flannel-vxlan", 3)["status"] == "ok"
    assert machine.containers == []


@pytest.mark.parametrize(("fault", "said"), [
    ("deploy", "failed to create the second node"),
    ("mtu", "has MTU 9500 instead of 1500"),
    ("exec", "node1: eth0 lacks 172.31.0.1/24"),
])
def test_what_was_not_deployed_as_written_gives_no_number(fault: str, said: str, machine: Machine) -> None:
    deployment = _deploy(machine, "flannel-vxlan", fault=fault)
    assert deployment["status"] == "failed"
    assert said in deployment["reason"]
    assert deployment["trials"] == []
    assert machine.containers == [] and machine.written_down == []


def test_a_removal_that_only_says_it_worked_is_done_by_docker(machine: Machine) -> None:
    assert _deploy(machine, "flannel-vxlan", fault="destroy")["status"] == "ok"
    assert machine.containers == [] and machine.written_down == []
    assert "docker rm" in _verbs(machine.log)


@pytest.mark.parametrize("fault", ["", "hang"])
def test_after_a_kill_clean_removes_it_and_leaves_the_neighbour_alone(fault: str, machine: Machine) -> None:
    neighbour = subprocess.Popen(machine.argv(DEPLOY, "calico-bgp", "2"), stdout=subprocess.PIPE)
    wait(lambda: len(machine.containers) >= 3)
    before = set(machine.containers)
    killed = subprocess.Popen(machine.argv(DEPLOY, "flannel-vxlan", "2", fault=fault), stdout=subprocess.DEVNULL)
    wait(lambda: len(set(machine.containers) - before) >= (3 if not fault else 1))
    killed.kill()
    killed.wait()
    done = machine.run(CLEAN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("removed: containerlab lab") == 1
    assert set(machine.containers) <= before
    said, _ = neighbour.communicate(timeout=120)
    assert json.loads(said)["status"] == "ok"
    assert machine.containers == [] and machine.written_down == []
    assert "Nothing to remove" in machine.run(CLEAN).stdout


def test_with_docker_gone_what_remains_is_named_and_stays_written_down(machine: Machine) -> None:
    killed = subprocess.Popen(machine.argv(DEPLOY, "flannel-vxlan", "2"), stdout=subprocess.DEVNULL)
    wait(lambda: len(machine.containers) >= 3)
    killed.kill()
    killed.wait()
    down = machine.folder / "standin" / "docker-is-down"
    down.touch()
    done = machine.run(CLEAN)
    assert done.returncode != 0
    assert "Cannot connect to the Docker daemon" in done.stdout + done.stderr
    assert len(machine.written_down) == 1
    down.unlink()
    assert machine.run(CLEAN).returncode == 0
    assert machine.containers == [] and machine.written_down == []
