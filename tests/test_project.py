"""The project's own promises: lock file, no registry hosts, no logic in tasks.py, style and types."""

from __future__ import annotations

import ast
import graphlib
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Collection
from pathlib import Path

import pytest

from experiments.paths import MODES, ROOT


def test_the_lock_names_every_direct_dependency_with_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    for requirement in wanted:
        name = re.split(r"[<>=~!\[; ]", requirement, maxsplit=1)[0].lower()
        assert re.search(rf"^{re.escape(name)}==", lock, re.MULTILINE), f"{name} is not in requirements.lock"
    assert "--hash=sha256:" in lock
    assert not re.search(r"https?://|--index|--find-links|@ file", lock)


def test_what_makes_the_site_has_one_version_on_every_python() -> None:
    named = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    # scipy, and numpy below it, check our statistics in the tests, and no page sees them.
    assert {name for name in named if named.count(name) > 1} <= {"numpy", "scipy"}


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


# The house, from the top down: a room uses only rooms that stand below its own line. What stands on one line is equal: a
# room there may be used by its neighbours. CONTRIBUTING.md shows the same list.
HOUSE = (
    ("cli", "what the tasks do, and what a person sees of it"),
    ("bench", "how fast the program itself is"),
    ("site", "results in, Markdown and SVG out"),
    ("measure", "deployments, views, campaigns"),
    ("results", "the model, its files, checks and statistics"),
    ("dataplanes", "how a mode moves packets: built, upstream, found"),
    ("probes", "what is observed"),
    ("labs", "where a mode is built"),
    ("machine", "what this machine has"),
    ("catalog", "modes as data, sizes and limits"),
    ("evidence variant", "checks, packets, transcripts; a result's identity"),
    ("typed_yaml field errors paths bounded __init__", "what needs nothing else"),
)
LONGEST, USUAL = 300, 100  # lines of a module; half of them are shorter than the second


def picture() -> str:
    """The house as CONTRIBUTING shows it."""
    width = max(len(rooms) for rooms, _ in HOUSE)
    return "\n".join(f"{rooms:{width}}  {what}" for rooms, what in HOUSE)


def _modules() -> dict[str, Path]:
    found = {}
    for path in (ROOT / "experiments").rglob("*.py"):
        if path.is_relative_to(MODES):
            continue  # a mode's own recipe
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _imports(path: Path, modules: Collection[str]) -> set[str]:
    """The modules of the package that a module imports, wherever in its text."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in modules else node.module
                      for alias in node.names}
    return {name for name in found if name in modules}


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def test_a_room_uses_only_rooms_below_it() -> None:
    floor = {room: number for number, (rooms, _) in enumerate(HOUSE) for room in rooms.split()}
    modules = _modules()
    assert {_room(module) for module in modules} == set(floor), "a room is missing in the house, or the house has one too many"
    for module, path in modules.items():
        for imported in _imports(path, modules):
            assert floor[_room(imported)] >= floor[_room(module)], f"{module} imports {imported}, which stands above it"


def test_a_mode_s_own_recipe_uses_what_recipes_use() -> None:
    below = {room for rooms, _ in HOUSE[[rooms for rooms, _ in HOUSE].index("dataplanes"):] for room in rooms.split()}
    for path in MODES.rglob("*.py"):
        assert {_room(imported) for imported in _imports(path, _modules())} <= below, path


def test_no_module_imports_itself_by_a_detour() -> None:
    modules = _modules()
    graph = {module: _imports(path, modules) - {module} for module, path in modules.items()}
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


def test_modules_can_be_read_in_one_sitting() -> None:
    lengths = {module: len(path.read_text().splitlines()) for module, path in _modules().items()}
    assert {module: length for module, length in lengths.items() if length > LONGEST} == {}
    assert statistics.median(lengths.values()) < USUAL


def test_contributing_shows_the_house() -> None:
    assert picture() in (ROOT / "CONTRIBUTING.md").read_text()


def test_ruff_finds_nothing() -> None:
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_mypy_finds_nothing() -> None:
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
