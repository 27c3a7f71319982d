"""Continuous integration: what it runs is what the README says, and what it brings into a root names no host."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest
import yaml
from pristine import checkout, dockerfile, machine, root
from pristine.__main__ import PARSERS_AND_LABS
from pristine.errors import Failed
from pristine.readme import two_commands
from pristine.sites import compare, differing

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST = ("python3 -m venv .venv && .venv/bin/pip install -r requirements.lock && "
         ".venv/bin/invoke setup experiment calico-bgp build")
SECOND = ".venv/bin/invoke test"


def test_the_readme_has_these_two_commands() -> None:
    assert two_commands(README) == (FIRST, SECOND)


@pytest.mark.parametrize(("text", "said"), [
    ("# P\n", "0 headings"),
    (README + "\n## Two commands\n", "2 headings"),
    (README.replace(f"```\n{SECOND}\n```", SECOND), "1 fenced blocks"),
    (README.replace(SECOND, f"{SECOND}\n.venv/bin/invoke clean", 1), "2 fenced blocks"),
    (README.replace("\n## The front door", "\n```\nthird\n```\n\n## The front door"), "3 fenced blocks"),
])
def test_another_shape_of_the_readme_is_an_error(text: str, said: str) -> None:
    with pytest.raises(Failed, match=said):
        two_commands(text)


def test_ci_run_takes_its_commands_from_the_readme_of_its_own_checkout(tmp_path: Path) -> None:
    """`.ci/run --here` on a copy whose README says something else runs that something else."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / ".ci", copy / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "README.md").write_text("## Two commands\n\n```\necho first of $CI_TEST; exit 3\n```\n\n```\necho second\n```\n")
    done = subprocess.run([str(copy / ".ci" / "run"), "--here"], cwd=tmp_path, env={**os.environ, "CI_TEST": "two"},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "first of two" in done.stdout
    assert "second" not in done.stdout
    assert "CI is red" in done.stderr
    assert "ended with 3" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_stops_ci_stops_what_it_started(tmp_path: Path, number: signal.Signals) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    (tmp_path / "README.md").write_text(f"## Two commands\n\n```\nsleep 200 >{fifo} & wait\n```\n\n```\ntrue\n```\n")
    ci = subprocess.Popen([str(tmp_path / ".ci" / "run"), "--here"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True,
                          preexec_fn=partial(signal.signal, number, signal.SIG_DFL))  # a shell's background ignores SIGINT
    with fifo.open() as alive:  # opens as soon as the command runs, and ends when the last of its processes does
        ci.send_signal(number)
        assert alive.read() == ""
    _, said = ci.communicate()
    assert ci.returncode == 128 + number
    assert f"CI was stopped by {number.name}" in said


def test_the_commit_is_cloned_from_what_a_ci_service_checks_out(tmp_path: Path) -> None:
    """A shallow clone, at no branch, that belongs to somebody else."""
    def git(*argv: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *argv], check=True, capture_output=True)

    git("init", "--quiet", str(tmp_path / "origin"))
    for text in ("one", "two"):
        (tmp_path / "origin" / "file").write_text(text)
        git("-C", str(tmp_path / "origin"), "add", "file")
        git("-C", str(tmp_path / "origin"), "commit", "--quiet", "--message", text)
    git("clone", "--quiet", "--depth=1", f"file://{tmp_path / 'origin'}", str(tmp_path / "checkout"))
    git("-C", str(tmp_path / "checkout"), "checkout", "--quiet", "--detach")
    if os.geteuid() == 0:
        subprocess.run(["chown", "--recursive", "65534:65534", str(tmp_path / "checkout")], check=True)
    (tmp_path / "checkout" / "file").write_text("three, not committed")
    checkout.clone(tmp_path / "clone", tmp_path / "checkout")
    assert (tmp_path / "clone" / "file").read_text() == "two"


def test_a_root_is_not_made_by_an_ordinary_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(root, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Failed, match=r"run \.ci/run as root"), root.pristine("bookworm"):
        pass
    assert not (tmp_path / "cache").exists()


def test_where_mmdebstrap_cannot_be_had_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(root, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "apt_options", list)
    monkeypatch.setattr(machine, "sources", lambda suite: [])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match="No root can be made here: mmdebstrap is not installed"), root.pristine("bookworm"):
        pass
    assert list((tmp_path / "cache" / "runs").iterdir()) == []


def test_a_root_whose_run_was_killed_is_removed_and_no_other(tmp_path: Path) -> None:
    for name in ("alive", "killed"):
        (tmp_path / name / "root").mkdir(parents=True)
    handle = root._lock(tmp_path / "alive")
    try:
        root._sweep(tmp_path)
    finally:
        os.close(handle)
    assert [folder.name for folder in tmp_path.iterdir()] == ["alive"]


def test_what_debian_13_tests_is_there() -> None:
    for folder in PARSERS_AND_LABS:
        assert list((ROOT / folder).rglob("test_*.py")), folder


def test_the_suite_is_exchanged_in_the_machines_own_sources_of_debian() -> None:
    targets = ("http://mirror.example/debian bookworm main\nhttp://mirror.example/debian bookworm non-free\n"
               "http://mirror.example/debian bookworm-updates main\nhttp://safe.example/s bookworm-security main\n"
               "https://other.example/apt cloud-bookworm main\nhttps://node.example nodistro main\n")
    debian = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n'
    assert machine.sources("trixie", targets, debian) == [
        "deb http://mirror.example/debian trixie main", "deb http://mirror.example/debian trixie-updates main",
        "deb http://safe.example/s trixie-security main"]
    assert machine.sources("trixie", targets, 'ID=ubuntu\nVERSION_CODENAME=noble\nID_LIKE="debian"\n') == []


def test_only_how_apt_fetches_is_carried() -> None:
    dump = ('Acquire "";\nAcquire::http::Proxy "http://proxy.example:3128";\nAcquire::https "";\n'
            'Acquire::IndexTargets::deb::DEP-11::MetaKey "x";\nAcquire::Languages:: "none";\nAPT::Install-Recommends "0";\n')
    assert machine.apt_options(dump) == ['Acquire::http::Proxy "http://proxy.example:3128"', 'Acquire::Languages:: "none"']


def test_only_variables_about_fetching_are_carried() -> None:
    here = {"https_proxy": "p", "NO_PROXY": "q", "PIP_INDEX_URL": "i", "SSL_CERT_FILE": "/c", "GITHUB_TOKEN": "secret",
            "PYTHONPATH": "x", "PIP_CACHE_DIR": "/elsewhere", "HOME": "/home/a"}
    assert set(machine.environment(here)) == {"https_proxy", "NO_PROXY", "PIP_INDEX_URL", "SSL_CERT_FILE"}


def test_a_file_that_is_not_the_same_in_both_sites_is_named(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for site in (one, other):
        (site / "modes").mkdir(parents=True)
        (site / "index.html").write_text("same")
    assert compare(one, other) == 1
    (one / "modes" / "a.html").write_text("3.11")
    (other / "modes" / "a.html").write_text("3.13")
    (other / "only").write_text("")
    assert differing(one, other) == ["modes/a.html", "only"]
    with pytest.raises(Failed, match="2 files differ"):
        compare(one, other)


def test_no_site_is_not_taken_for_two_that_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with pytest.raises(Failed, match="No site was built"):
        compare(tmp_path / "one", tmp_path / "other")


def test_the_dockerfile_is_read_as_docker_reads_it() -> None:
    text = "# head\nARG BASE=debian:12\nFROM ${BASE}\nRUN a \\\n    # why\n    && b\n\nuser podpath\n"
    assert dockerfile.instructions(text) == [
        ("ARG", "BASE=debian:12"), ("FROM", "${BASE}"), ("RUN", "a      && b"), ("USER", "podpath")]


def test_the_image_runs_as_an_ordinary_user_and_installs_what_the_lock_says() -> None:
    steps = dockerfile.instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert [rest for word, rest in steps if word == "USER"] == ["podpath"]
    assert any(word == "RUN" and "pip install --no-cache-dir -r requirements.lock" in rest for word, rest in steps)
    assert any(word == "RUN" and "invoke setup --tests" in rest for word, rest in steps)


def test_the_readme_the_dev_container_and_the_workflow_open_the_same_of_dockers_filters() -> None:
    """Three places say with what a container is run; one that was forgotten would fail only on somebody's machine."""
    option = r"--security-opt (\w+=\w+)"
    opened = dockerfile.dev_container()["securityOpt"]
    assert len(opened) == 3
    assert re.findall(option, README) == opened
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert re.findall(option, workflow) == opened


def test_each_job_of_the_workflow_runs_what_a_person_runs() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    run = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    assert run["debian"][-1] == ".ci/run"
    assert run["python"][-1] == ".ci/run --here"
    assert "docker build --tag podpath ." in run["image"]
