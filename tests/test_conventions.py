"""What people and programs expect beside the code: files, forms, licences, an installable package."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from checkout import checkout_of_project

from experiments.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
# Hosts of package registries, which no file names, this one neither: which is asked is the business of who installs.
HOSTS = (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("proxy", "golang", "org"), ("crates", "io"))
REGISTRIES = re.compile("|".join(re.escape(".".join(parts)) for parts in HOSTS))


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version


def test_licences_are_stated_in_one_place() -> None:
    section = README.split("## Licence")[1]
    for words in ("[Apache-2.0](LICENSE)", "`data/`", "[CC0 1.0]", "`docs/`", "[CC BY 4.0]"):
        assert words in section
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"]
    assert project == yaml.safe_load((ROOT / "CITATION.cff").read_text())["license"] == "Apache-2.0"


def test_what_the_readme_and_contributing_point_to_is_there() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / link).exists(), (name, link)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_has_what_github_asks_of_it(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form["name"] and form["description"] and form["labels"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} <= {"input", "textarea", "checkboxes", "dropdown"}
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_pre_commit_uses_the_lock_s_own_tools() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    lock = (ROOT / "requirements.lock").read_text()
    for hook in repos[0]["hooks"]:
        tool = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert re.search(rf"^{tool}==", lock, re.MULTILINE), tool


def test_no_file_names_the_host_of_a_package_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no git checkout, so nothing says which files belong to the project: `git clone` makes one")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix in {"", ".py", ".md", ".yml", ".toml", ".lock", ".j2", ".cff", ".json"}:
            assert not REGISTRIES.search(path.read_text(encoding="utf-8", errors="replace")), name


@pytest.mark.slow
def test_pip_installs_the_package_with_its_data(tmp_path: Path) -> None:
    source = checkout_of_project(tmp_path / "source")
    there = tmp_path / "there"
    done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(there), "."],
                          cwd=source, capture_output=True, text=True, check=False)
    if done.returncode != 0 and re.search(r"No matching distribution|Could not find a version|No module named pip",
                                          done.stderr):
        pytest.skip("pip cannot get setuptools here, by which the package is built: `pip download setuptools`")
    assert done.returncode == 0, done.stderr
    script = ("from experiments import catalog; from experiments.labs.kubernetes import manifest; "
              "print(len(catalog.load()), len(catalog.variants()), manifest.source('flannel').file, catalog.__file__)")
    told = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": str(there)}).stdout.split()
    modes = ROOT / "experiments" / "modes"
    assert told[:2] == [str(len(list(modes.glob("*/mode.yml")))), str(len(list(modes.glob("*/variants/*.yml"))))]
    assert told[2].startswith("kube-flannel") and told[3].startswith(str(there))
    assert sorted(path.name for path in there.iterdir() if not path.name.endswith(".dist-info")) == ["experiments"]
