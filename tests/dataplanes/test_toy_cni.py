"""Adding a CNI is a file, its manifest's data and a line: a toy CNI in a copy of the package is listed, planned, recognised."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.paths import ROOT

TOY = '''
"""A CNI that is made of nothing."""

from dataclasses import dataclass

from experiments.dataplanes.found.cni import CniInCluster
from experiments.dataplanes.found.findings import CLUSTER, OBJECTS, found


@dataclass(frozen=True)
class ToyEvidence:
    blocks: str = ""


class ToyCni(CniInCluster):
    name = "toy"
    evidence = ToyEvidence
    recipes = {}

    def ask(self, reader, pods, nodes):
        return ToyEvidence(pods.environment("toy").get("BLOCKS", "") if pods else "")

    def read(self, own, seen):
        return [found(OBJECTS, CLUSTER, f"its blocks are {own.blocks}", "encapsulation", own.blocks)] if own.blocks else []
'''
MANIFEST = """
file: toy.yml
url: https://example.org/toy.yml
sha256: "0000"
daemon_set: {namespace: toys, name: toy-box, container: toy, images: [toy]}
plugins: [yo-yo]
needs: {kernel: [ipip], modules: [{name: toy_road, file: /proc/no/toy_road, why: toys do not roll without it}]}
edits: [{name: red, why: It is nicer., find: blue, put: red}]
"""
# What is asked in the copy; the answers are printed.
RECOGNISE = """
from experiments import catalog
from experiments.dataplanes.found.cni import evidence
from experiments.dataplanes.found.cluster_objects import Reader
from experiments.dataplanes.found.recognise import recognise
from experiments.dataplanes.table import FOUND
from experiments.labs.kubernetes.base import Kubectl

BOX = {"metadata": {"name": "toy-box", "namespace": "toys"}, "spec": {"template": {"spec": {"containers": [
    {"name": "toy", "image": "toy:1", "env": [{"name": "BLOCKS", "value": "vxlan"}]}]}}}}

class Answers(Kubectl):
    def json(self, *arguments, timeout_s=0.0):
        return {"items": [BOX] if arguments[1] == "daemonsets.apps" else []}

seen, _ = evidence(Reader(Answers()), [], FOUND)
print(recognise(seen, catalog.load(), FOUND).sentence)
"""


def _run(project: Path, *argv: str) -> str:
    environment = {**os.environ, "XDG_STATE_HOME": str(project / "state"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "100",
                   "PYTHONPATH": str(project)}
    done = subprocess.run([sys.executable, *argv], cwd=project, env=environment, capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("toy") / "project"
    shutil.copytree(ROOT / "experiments", copy / "experiments", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tasks.py", copy)
    package = copy / "experiments"
    (package / "dataplanes" / "found" / "toy.py").write_text(TOY)
    (package / "labs" / "kubernetes" / "manifests" / "toy.yml").write_text(MANIFEST)
    mode = package / "modes" / "toy-vxlan"
    mode.mkdir()
    described = (package / "modes" / "flannel-vxlan" / "mode.yml").read_text()
    (mode / "mode.yml").write_text(described.replace("name: flannel-vxlan", "name: toy-vxlan")
                                   .replace("name: flannel\n  title: Flannel\n", "name: toy\n  title: Toy\n"))
    (mode / "kind.yml").write_text("cni: toy\npod_subnet: 10.9.0.0/16\nedits: [red]\n")
    table = package / "dataplanes" / "table.py"
    text = table.read_text()
    assert text.count("WeaveCni())") == 1
    text = text.replace("WeaveCni())", "WeaveCni(), ToyCni())")
    before = "from experiments.dataplanes.found.weave"
    table.write_text(text.replace(before, f"from experiments.dataplanes.found.toy import ToyCni\n{before}"))
    return copy


def test_a_toy_cni_is_listed_with_what_its_daemon_needs(project: Path) -> None:
    said = " ".join(_run(project, "-m", "invoke", "list", "--lab", "kind").split())
    assert "toy-vxlan" in said
    assert "modprobe toy_road" in said


def test_a_toy_cni_is_planned_for_kind(project: Path) -> None:
    said = _run(project, "-m", "invoke", "experiment", "toy-vxlan", "--lab", "kind", "--dry-run")
    assert "# Toy delegates to a plugin that kind's image lacks" in said
    assert "docker cp yo-yo podpath-toy-vxlan-worker:/opt/cni/bin/yo-yo" in said
    assert "rollout status daemonset/toy-box" in said and "--namespace toys" in said


def test_a_toy_cni_is_recognised(project: Path) -> None:
    assert _run(project, "-c", RECOGNISE) == "toy-vxlan: daemon set toy-box; its blocks are vxlan\n"
