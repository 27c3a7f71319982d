"""The project's own promises: lock file, no registry hosts, no logic in tasks.py, style and types."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_lock_names_every_direct_dependency_with_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    for requirement in wanted:
        name = re.split(r"[<>=~!\[; ]", requirement, maxsplit=1)[0].lower()
        assert re.search(rf"^{re.escape(name)}==", lock, re.MULTILINE), f"{name} is not in requirements.lock"
    assert "--hash=sha256:" in lock
    assert not re.search(r"https?://|--index|--find-links|@ file", lock)


def test_tasks_hold_no_logic() -> None:
    tree = ast.parse((ROOT / "tasks.py").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert functions
    for function in functions:
        docstring, imported, called = function.body
        assert isinstance(docstring, ast.Expr)
        assert isinstance(imported, ast.ImportFrom)
        assert isinstance(called, ast.Expr)
        assert isinstance(called.value, ast.Call)


LINE = ("modes", "labs", "dataplanes", "probes", "results", "site", "cli")
# The values of a result are what probes and recipes speak in; a recipe looks at a lab through no probe.
SPOKEN_BY_ALL = "experiments.results.model"


def _imports(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def test_data_goes_one_way() -> None:
    """Nothing early in the line of the package imports anything later in it."""
    for position, name in enumerate(LINE):
        for path in (ROOT / "experiments" / name).rglob("*.py"):
            for imported in _imports(path) - {SPOKEN_BY_ALL}:
                for later in LINE[position + 1:]:
                    assert not imported.startswith(f"experiments.{later}"), f"{path.name} imports {imported}"


def test_ruff_finds_nothing() -> None:
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_mypy_finds_nothing() -> None:
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
