"""Notebooks are run by this Python, without TCP and without what a person has configured, and again when an input changed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.preprocessors import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from experiments.results.fidelity import is_beside_makers
from experiments.site import notebook, notebook_run

pytestmark = pytest.mark.slow

ASKED = """
import os, sys, json, ipykernel
from pathlib import Path
print(json.dumps([json.loads(Path(ipykernel.get_connection_file()).read_text())["transport"], sys.executable, os.getcwd(),
                  "started" in globals()]))
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project to read, and a folder of its own for what is kept."""
    root = tmp_path / "a project"
    (root / "experiments").mkdir(parents=True)
    (root / "data" / "campaigns").mkdir(parents=True)
    (root / "experiments" / "code.py").write_text("x = 1\n")
    (root / "data" / "campaigns" / "one.yml").write_text("a: 1\n")
    monkeypatch.setattr(notebook_run, "ROOT", root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return root


def _notebook(*cells: str) -> Any:
    return new_notebook(cells=[new_code_cell(source) for source in cells])


def _run(notebook: Any) -> str:
    executed, _ = notebook_run.Executed(enabled=True).preprocess(notebook, {"metadata": {}})
    return "".join(output["text"] for cell in executed.cells for output in cell.outputs)


def test_what_a_cell_writes_is_one_output_however_it_arrives(project: Path) -> None:
    flushed = _notebook("import time\nfor word in ('one', 'two'):\n    print(word, flush=True)\n    time.sleep(0.5)")
    executed, _ = notebook_run.Executed(enabled=True).preprocess(flushed, {"metadata": {}})
    assert [output["text"] for output in executed.cells[0].outputs] == ["one\ntwo\n"]


def test_a_kernel_is_this_python_s_and_has_no_port(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, text in {"profile/profile_default/startup/a.py": "started = True", "data/kernels/python3/kernel.json":
                       '{"argv": ["/bin/false"], "display_name": "x", "language": "python"}'}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "profile"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    assert tuple(json.loads(_run(_notebook(ASKED)))) == ("ipc", sys.executable, str(project), False)
    assert capfd.readouterr().err == ""


def test_it_is_not_run_again_where_nothing_has_changed(project: Path) -> None:
    source = "import time; print(time.time_ns())"
    first = _run(_notebook(source))
    assert _run(_notebook(source)) == first
    (project / "data" / "campaigns" / "one.yml").write_text("a: 2\n")
    assert _run(_notebook(source)) != first


@pytest.mark.parametrize("change", [
    lambda root: (root / "experiments" / "code.py").write_text("x = 2\n"),
    lambda root: (root / "data" / "campaigns" / "two.yml").write_text("a: 1\n"),
    lambda root: (root / "data" / "campaigns" / "one.yml").rename(root / "data" / "campaigns" / "other.yml"),
    lambda root: (root / "data" / "campaigns" / "one.yml").unlink(),
])
def test_every_input_is_part_of_the_key(change: Callable[[Path], object], project: Path) -> None:
    before = notebook_run.key(_notebook("print(1)"))
    assert notebook_run.key(_notebook("print(1)")) == before  # though each notebook's cells get random names
    assert notebook_run.key(_notebook("print(2)")) != before
    change(project)
    assert notebook_run.key(_notebook("print(1)")) != before


def test_a_cell_that_fails_is_told_and_not_kept(project: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(CellExecutionError, match="on purpose"):
            _run(_notebook("raise ValueError('on purpose')"))
    assert not (tmp_path / "cache" / "podpath" / "notebooks").exists()


def test_a_half_written_file_is_made_again_and_old_ones_make_room(project: Path, tmp_path: Path) -> None:
    kept = tmp_path / "cache" / "podpath" / "notebooks"
    kept.mkdir(parents=True)
    for number in range(notebook_run.KEPT_AT_MOST + 5):
        (kept / f"{number}.ipynb").write_text("")
    notebook = _notebook("print('whole')")
    place = kept / f"{notebook_run.key(notebook)}.ipynb"
    place.write_text('{"cells": [')
    assert _run(notebook) == "whole\n"
    assert nbformat.reads(place.read_text(), as_version=4).cells[0].outputs[0].text == "whole\n"
    assert len(list(kept.iterdir())) == notebook_run.KEPT_AT_MOST


def test_the_notebooks_read_a_reference_of_all_modes_and_none_that_was_measured_beside_makers() -> None:
    found = notebook.reference()
    assert found is not None and not is_beside_makers(found.results)
    assert {"calico-bgp", "calico-bgp-global", "calico-bgp-node", "flannel-udp", "flannel-vxlan", "weave-sleeve"} <= {
        result.mode for result in found.results}
