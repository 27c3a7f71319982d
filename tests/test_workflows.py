"""The workflows: pinned, without rights that they do not need, clean; and each step that needs no GitHub is run here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import checkout_of_project, git, with_kept_renderings

from experiments.paths import ROOT
from experiments.results import store

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
WORKFLOWS: Mapping[str, Any] = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES}
SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"
ID = store.read_campaign(SAMPLE)[0].id
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROOT_NEEDED = "it changes the machine that it runs on, as root"
# What no test here runs, and why. Every other step is run below, under its own text.
NOT_HERE = {
    "apt-get update && apt-get install --yes --no-install-recommends python3 git ca-certificates": ROOT_NEEDED,
    "echo 0 >/proc/sys/kernel/apparmor_restrict_unprivileged_userns": ROOT_NEEDED,
    "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0": ROOT_NEEDED,
    ".ci/run": "it runs these tests; tests/test_ci.py tests it",
    ".ci/run --here": "it runs these tests; tests/test_ci.py runs it on a README of its own",
    ".venv/bin/invoke check": "tests/site/test_browser.py makes the same checks, one by one, on a site that it has built",
    "docker build --tag podpath .": "it wants Docker; `.ci/run --dockerfile` follows the Dockerfile without",
    "docker run --rm --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt "
    "systempaths=unconfined podpath invoke experiment calico-bgp --profile smoke": "it wants Docker",
    "python3 -m venv .venv && .venv/bin/pip install --quiet -r requirements.lock": ".ci/run runs it, from the README",
}
FETCH = 'git -c fetch.fsckObjects=true fetch --quiet --no-tags "$SERVER/$REPOSITORY" "refs/pull/$NUMBER/head"'
REVIEW = ".venv/bin/invoke validate --base HEAD --head FETCH_HEAD --report report.html"
PUBLISH = ".venv/bin/invoke build --offline"
RUN_HERE = {FETCH, REVIEW, PUBLISH}


def steps() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, workflow in WORKFLOWS.items():
        for job, about in workflow["jobs"].items():
            for step in about["steps"]:
                yield name, job, step


def test_every_step_is_run_by_a_test_or_says_why_not() -> None:
    typed = {step["run"].strip() for _, _, step in steps() if "run" in step}
    assert typed == RUN_HERE | set(NOT_HERE)
    first = "python3 -m venv .venv && .venv/bin/pip install -r requirements.lock"
    assert first in README and first.replace("install", "install --quiet") in NOT_HERE


def test_every_action_is_pinned_by_its_whole_commit_with_its_version_beside() -> None:
    for path in FILES:
        used = re.findall(r"uses: (\S+)(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert used
        for action, comment in used:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action), (path.name, action)
            assert re.fullmatch(r"  # v\d+\.\d+\.\d+", comment), (path.name, action)
    versions = re.findall(r"uses: (\S+)@([0-9a-f]{40})", "".join(path.read_text(encoding="utf-8") for path in FILES))
    assert len(dict(versions)) == len(set(versions))  # one action, one version


def test_no_workflow_has_rights_that_it_does_not_need() -> None:
    for name, workflow in WORKFLOWS.items():
        triggers = workflow[True]  # YAML 1.1 reads `on` so
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers), name
        for job in workflow["jobs"].values():
            rights = job.get("permissions", workflow["permissions"])
            assert set(rights) <= {"contents"} or name == "site", name
            assert rights.get("contents") == "read"
    assert set(WORKFLOWS["site"][True]) == {"push"}  # what may publish is started by no pull request
    for _, _, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        assert "secrets." not in str(step)
        assert "${{" not in step.get("run", "")  # text from outside comes by variables, never into a script


def test_a_proposed_result_is_checked_by_the_code_of_the_base() -> None:
    job = WORKFLOWS["results"]["jobs"]["validate"]
    checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["ref"] for step in checkouts] == ["${{ github.event.pull_request.base.sha }}"]
    assert WORKFLOWS["results"]["permissions"] == {}


@pytest.mark.skipif(shutil.which("zizmor", path=str(Path(sys.executable).parent)) is None,
                    reason="no zizmor here: `pip install -r requirements.lock`")
def test_zizmor_finds_nothing() -> None:
    program = str(Path(sys.executable).parent / "zizmor")
    done = subprocess.run([program, "--offline", "--no-progress", "--format=plain", str(ROOT / ".github")], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="no actionlint in PATH, a Go program: "
                    "`go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12`")
def test_actionlint_finds_nothing() -> None:
    done = subprocess.run(["actionlint", "-no-color", *map(str, FILES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def run_as_a_workflow(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A step's script as GitHub's runner gives it to bash."""
    return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=folder, capture_output=True,
                          text=True, env={**os.environ, **variables}, stdin=subprocess.DEVNULL, check=False)


@pytest.fixture(scope="session")  # in random order a module's tests are not one after the other
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of the base branch, with its tools, as the steps before have left it."""
    folder = with_kept_renderings(checkout_of_project(tmp_path_factory.mktemp("ci") / "base"))
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)
    return folder


def proposed(base: Path, hub: Path, changes: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What the two steps say of a pull request that adds the sample, with more changes to files."""
    git(base, "clone", "--quiet", str(base), str(hub / "owner" / "repository"))
    clone = hub / "owner" / "repository"
    shutil.copytree(SAMPLE, clone / "data" / "campaigns" / ID)
    for name, text in changes.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text)
    git(clone, "add", "--all", "--force")
    git(clone, "commit", "--quiet", "--message", "result")
    git(clone, "update-ref", "refs/pull/7/head", "HEAD")
    done = run_as_a_workflow(FETCH, base, SERVER=f"file://{hub}", REPOSITORY="owner/repository", NUMBER="7")
    assert done.returncode == 0, done.stderr
    return run_as_a_workflow(REVIEW, base)


def test_the_steps_pass_an_honest_result_and_report_it(base: Path, tmp_path: Path) -> None:
    done = proposed(base, tmp_path, {})
    assert done.returncode == 0, done.stdout + done.stderr
    report = (base / "report.html").read_text()
    for part in ("What it adds", "Environment", "Noise", "Ratios", "<svg", "calico-bgp", "2026-11-26-h9fa009"):
        assert part in report
    assert "<script" not in report
    assert not (base / "data" / "campaigns" / ID).exists()  # nothing was checked out


def test_the_steps_run_nothing_of_what_is_proposed(base: Path, tmp_path: Path) -> None:
    marker = tmp_path / "was-run"
    evil = f"open({str(marker)!r}, 'w').close()\n"
    done = proposed(base, tmp_path, {
        "tasks.py": evil, "experiments/results/validate.py": evil, "sitecustomize.py": evil, "conftest.py": evil,
        "requirements.lock": "evil==1\n", ".github/workflows/results.yml": "on: push\n",
        ".gitattributes": "* filter=evil\n", "docs/templates/report.html.j2": "{{ cycler.__init__.__globals__ }}",
    })
    assert done.returncode == 2
    for name in ("tasks.py", "requirements.lock", ".github/workflows/results.yml", ".gitattributes"):
        assert f"error: {base}/{name}: does not belong in it; a pull request with results adds one new folder" in done.stdout
    assert not marker.exists()
    report = (base / "report.html").read_text()
    assert "Refused" in report and "__globals__" not in report and "What it adds" not in report


def test_the_steps_refuse_a_result_that_is_not_valid_and_name_file_and_line(base: Path, tmp_path: Path) -> None:
    text = (SAMPLE / "calico-bgp.yml").read_text().replace("mode: calico-bgp", "mode: <script>alert(1)</script>", 1)
    done = proposed(base, tmp_path, {f"data/campaigns/{ID}/calico-bgp.yml": text})
    assert done.returncode == 2
    assert re.search(rf"^error: data/campaigns/{ID}/calico-bgp\.yml:\d+: ", done.stdout, re.MULTILINE)
    report = (base / "report.html").read_text()
    assert "Refused" in report and "<script" not in report


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_steps_of_the_site_build_it_with_its_addresses_and_days(base: Path) -> None:
    step = next(step for name, _, step in steps() if name == "site" and step.get("run") == PUBLISH)
    given = {"steps.pages.outputs.base_url": "https://podpath.example", "github.server_url": "https://code.example",
             "github.repository": "a/podpath"}
    variables = {name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: given[found[1]], value)
                 for name, value in step["env"].items()}
    done = run_as_a_workflow(PUBLISH, base, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (base / "site" / "podpath-offline.zip").is_file()
    sitemap = (base / "site" / "sitemap.xml").read_text()
    day = git(base, "log", "-1", "--format=%cs")
    assert f"<loc>https://podpath.example/modes/calico-bgp.html</loc>\n         <lastmod>{day}</lastmod>" in sitemap
    page = (base / "site" / "modes" / "calico-bgp.html").read_text()
    assert 'href="https://code.example/a/podpath/edit/main/experiments/modes/calico-bgp/page.md"' in page
    assert "/edit/" not in (base / "site" / "results" / "2026-11-24-h86e3a3.html").read_text()
