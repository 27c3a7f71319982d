"""What is known of a machine ends with the step that asked: no cache of it lives in a module.

The README's first command installs the tools and measures with them in one process.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.machine import look

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "experiments"
CACHES = {"cache", "lru_cache", "cached_property"}
# By what a function asks the machine rather than this program's own files.
ASKS = {"subprocess", "shutil", "platform", "environ", "getenv", "geteuid", "which", "find", "look", "program", "ask"}


def _names(node: ast.AST) -> set[str]:
    names = {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}
    return names | {found.attr for found in ast.walk(node) if isinstance(found, ast.Attribute)}


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_keeps_what_it_found_of_the_machine(path: Path) -> None:
    tree = ast.parse(path.read_text())
    cached = [function for function in _functions(tree) if any(_names(d) & CACHES for d in function.decorator_list)]
    if {"machine", "labs"} & set(path.relative_to(PACKAGE).parts):
        assert cached == [], f"{path.name} keeps {cached[0].name if cached else ''}"
    for function in cached:
        assert not _names(function) & ASKS, f"{path.name}: {function.name} is kept, and asks the machine"
    for statement in tree.body:
        for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
            inside = isinstance(statement, (ast.FunctionDef, ast.ClassDef))
            assert inside or not _names(call.func) & {"which", "look", "geteuid", "run"}, f"{path.name}:{call.lineno}"


INSTALLS = """#!/bin/sh
echo "$*" >> "{log}"
case "$*" in *install*) umount /usr/bin/ping ;; esac
"""

KNOWS = """#!/bin/sh
shift
for name; do echo "$name:\n  Installed: (none)\n  Candidate: 1.0"; done
"""


def test_what_setup_installs_is_there_for_the_next_task_of_the_same_process(tmp_path: Path) -> None:
    """In a mount namespace where ping cannot be run until apt-get, a stand-in here, has been asked to install it."""
    machine = look()
    if machine.user_namespaces() or machine.program("ping") != "/usr/bin/ping" or machine.program("apt-get") is None:
        pytest.skip("wants user namespaces and Debian's ping")
    (tmp_path / "nothing").write_text("")
    for name, text in (("apt-get", INSTALLS.format(log=tmp_path / "log")), ("apt-cache", KNOWS)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    hidden = 'mount --bind "$1" /usr/bin/ping && shift && exec "$@"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", hidden, "sh", str(tmp_path / "nothing"),
         sys.executable, "-m", "invoke", "list", "--format", "json", "setup", "list"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "iputils-ping" in (tmp_path / "log").read_text()
    before, end = json.JSONDecoder().raw_decode(done.stdout)
    assert any(missing["what"] == "ping" for place in before for missing in place["missing"])
    after = done.stdout[done.stdout.index("Where each mode can run", end):]
    assert "ping" not in after
    assert "Next: invoke experiment" in after
