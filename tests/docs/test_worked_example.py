"""CONTRIBUTING's worked example, followed word for word in a copy: a mode is one folder, from its first line to its last."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checkout import checkout_of_project, git, with_kept_renderings

from experiments.catalog import drafting
from experiments.paths import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("### An example: Flannel's host-gw")[1].split("\n## ")[0]
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
NAME, FOLDER = "flannel-host-gw", "experiments/modes/flannel-host-gw"


def _lines(number: int) -> list[str]:
    """The commands of the example's nth block of commands."""
    return [block for kind, block in BLOCKS if not kind][number].splitlines()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_kept_renderings(checkout_of_project(tmp_path_factory.mktemp("example") / "podpath"))


def typed(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command of the example, as if `invoke` were in PATH."""
    words = shlex.split(line)
    given = dict(word.split("=", 1) for word in words if re.fullmatch(r"[A-Z_]+=.*", word))
    words = [word for word in words if word.split("=")[0] not in given]
    argv = [sys.executable, "-m", "invoke", *words[1:]] if words[0] == "invoke" else words
    environment = {**os.environ, **given, "COLUMNS": "80", "PYTEST_ADDOPTS": "-p no:randomly"}
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL,
                          check=False)


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_example_is_followed_word_for_word_and_removed_by_one_command(copy: Path) -> None:
    new, = _lines(0)
    done = typed(new, copy)
    assert done.returncode == 0, done.stderr
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    folder = copy / FOLDER
    data = next(block for kind, block in BLOCKS if kind == "yaml")
    text = (folder / "mode.yml").read_text()
    for key in yaml.safe_load(data):
        block = re.search(rf"^{key}:.*\n(?:[ \t].*\n)*", data, re.MULTILINE)
        assert block is not None
        text = drafting.replaced(text, {key: block[0]})
    (folder / "mode.yml").write_text(text)
    recipe = next(block for kind, block in BLOCKS if kind == "python")
    (folder / "flannel_host_gw.py").write_text(recipe)
    said = {}
    for line in _lines(1):
        done = typed(line, copy)
        assert done.returncode == 0, (line, done.stdout[-3000:], done.stderr[-3000:])
        said[line] = done.stdout
    assert re.search(rf"^{NAME} +ready", said["invoke list"], re.MULTILINE)
    assert f"{NAME}: not yet in Kubernetes, prose still to come" in said["invoke list"]
    first = (folder / "stack.txt").read_text().splitlines()[0]
    assert first == f"{NAME}: MTU 1500, overhead 0, TTL at the pod 62, 941.5 of 1000 Mbit/s"
    assert [line.split()[1] for line in git(copy, "status", "--porcelain").splitlines()] == [f"{FOLDER}/"]
    page = (copy / "site" / "modes" / f"{NAME}.html").read_text()
    assert "Still to be written" in page and "Not yet in Kubernetes" in page and 'data-view' not in page
    assert "941" in page and "ip route replace 10.244.2.0/24 via 172.31.0.2 dev eth0" in page
    assert f'href="modes/{NAME}.html"' in (copy / "site" / "choose.html").read_text()
    assert f'href="modes/{NAME}.html"' in (copy / "site" / "compare.html").read_text()
    nav = (copy / "site" / "modes" / "flannel-vxlan.html").read_text()
    assert nav.index(f'{NAME}.html"') < nav.index('flannel-udp.html"')
    # What the project's own tests ask of every mode; those that build each mode in a lab have built it above.
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:randomly", "tests/docs/test_prose.py",
                           "tests/catalog", "tests/labs/kubernetes/test_kubernetes_files.py", "tests/labs/test_readiness.py",
                           "tests/labs/containerlab/test_topology.py", "tests/labs/kind/test_needs_kind.py",
                           "tests/dataplanes/test_recipes.py", "tests/dataplanes/found/test_recognise.py",
                           "tests/cli/test_listing.py", "tests/test_project.py",
                           "-m", "not slow", "-k", f"not vxlan and not calico and not weave or {NAME}"],
                          cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    remove, = _lines(2)
    assert typed(remove, copy).returncode == 0
    assert git(copy, "status", "--porcelain") == ""
    assert NAME not in typed("invoke list", copy).stdout
