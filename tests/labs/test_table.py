"""Adding a lab is a folder and a line: a toy lab in a copy of the package is listed, refused with its reason, and cleaned."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.errors import UserError
from experiments.labs import table
from experiments.paths import ROOT

TOY = '''
"""A lab that is made of nothing."""

from experiments.labs import leftovers
from experiments.labs.backend import Backend, Paper
from experiments.machine import Missing


class Toy(Backend):
    name = "toy"

    def needs(self, mode, kernel, machine):
        return (Missing("a toy", "the lab is made of one", "Buy it a toy."),)

    def up(self, mode, **named):
        raise AssertionError("not reached: something is missing")

    def on_paper(self, mode, **named):
        return Paper(("# a toy on paper",))

    def remove(self, name):
        leftovers.end(name)
'''
LEFT = "from experiments.labs import leftovers; leftovers.begin('pp0123abcd', 'toy')"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("toy") / "project"
    shutil.copytree(ROOT / "experiments", copy / "experiments", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tasks.py", copy)
    (copy / "experiments" / "labs" / "toy").mkdir()
    (copy / "experiments" / "labs" / "toy" / "__init__.py").touch()
    (copy / "experiments" / "labs" / "toy" / "backend.py").write_text(TOY)
    path = copy / "experiments" / "labs" / "table.py"
    text = path.read_text()
    assert text.count("Kind(), Cluster())") == 1
    text = text.replace("Kind(), Cluster())", "Kind(), Cluster(), Toy())")
    path.write_text(text.replace("from experiments.labs.kind.backend", "from experiments.labs.toy.backend import Toy\n"
                                 "from experiments.labs.kind.backend"))
    return copy


def _run(project: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_STATE_HOME": str(project / "state"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "100",
                   "PYTHONPATH": str(project)}
    return subprocess.run([sys.executable, *argv], cwd=project, env=environment, capture_output=True, text=True, timeout=120,
                          check=False)


def _invoke(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _run(project, "-m", "invoke", *arguments)


def test_a_toy_lab_is_listed(project: Path) -> None:
    done = _invoke(project, "list", "--lab", "toy")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "toy: not ready, needs a toy" in done.stdout
    assert "Buy it a toy." in done.stdout


def test_a_toy_lab_is_refused_with_its_own_reason(project: Path) -> None:
    done = _invoke(project, "experiment", "calico-bgp", "--lab", "toy")
    assert done.returncode == 2
    assert "a toy (the lab is made of one)" in done.stderr
    assert "Buy it a toy." in done.stderr


def test_a_toy_lab_is_shown_on_paper(project: Path) -> None:
    assert "# a toy on paper" in _invoke(project, "experiment", "calico-bgp", "--lab", "toy", "--dry-run").stdout


def test_what_a_toy_lab_has_left_is_cleaned(project: Path) -> None:
    assert _run(project, "-c", LEFT).returncode == 0
    left = project / "state" / "podpath" / "labs" / "pp0123abcd"
    assert left.is_dir()
    done = _invoke(project, "clean")
    assert (done.returncode, left.exists()) == (0, False), done.stdout + done.stderr
    assert "removed: toy lab pp0123abcd" in done.stdout


def test_an_unknown_lab_is_answered_with_all_names() -> None:
    with pytest.raises(UserError, match="Unknown lab 'nowhere'") as refusal:
        table.get("nowhere")
    assert all(name in refusal.value.advice for name in table.LABS)
