"""`invoke submit`: from a finished campaign to a branch that CI will take, and what stands in the way of it."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pytest
from checkout import git

from experiments.cli.submit import run_submit
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.checks import one_folder

SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"
ID = store.read_campaign(SAMPLE)[0].id


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout on a branch of its own work, with one campaign that is not committed."""
    root = tmp_path / "podpath"
    (root / "data" / "campaigns").mkdir(parents=True)
    (root / "README.md").write_text("one\n")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "config", "user.name", "A Tester")
    git(root, "config", "user.email", "a@example.org")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "one")
    shutil.copytree(SAMPLE, root / "data" / "campaigns" / ID)
    return root


def refused(root: Path, *arguments: str, **options: bool) -> UserError:
    with pytest.raises(UserError) as raised:
        run_submit(*arguments, root=root, **options)
    return raised.value


def test_a_dry_run_prints_the_text_and_does_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = git(root, "for-each-ref")
    assert run_submit(root=root) == f"results/{ID}"
    said = capsys.readouterr().out
    assert f"Results {ID}: 1 mode" in said and "Nothing was done" in said
    for part in ("Adds one folder, `data/campaigns/", "Machine: ", "Noise: ", "| calico-bgp |", "under CC0",
                 "- [x] `invoke validate` finds no error", f"invoke submit {ID} --branch"):
        assert part in said
    assert git(root, "for-each-ref") == before


def test_a_branch_has_one_commit_with_the_one_folder_and_the_tree_is_as_it_was(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, head = git(root, "status", "--porcelain"), git(root, "rev-parse", "HEAD")
    name = run_submit(ID, branch=True, root=root)
    assert f"git push --set-upstream origin {name}" in capsys.readouterr().out
    assert (git(root, "status", "--porcelain"), git(root, "rev-parse", "HEAD")) == (status, head)
    assert git(root, "rev-list", "--count", f"main..{name}") == "1"
    files = git(root, "diff", "--name-only", "main", name).splitlines()
    assert len(files) == sum(path.is_file() for path in SAMPLE.rglob("*"))
    assert all(file.startswith(f"data/campaigns/{ID}/") for file in files)
    found = one_folder.changes("main", root, name)
    assert list(one_folder.broken(*found, "main")) == []
    assert refused(root, branch=True).problem == f"There is a branch {name} already."


def test_it_begins_where_the_pull_request_will_be_merged_not_where_one_works(root: Path) -> None:
    git(root, "switch", "--quiet", "--create", "mine")
    (root / "README.md").write_text("two\n")
    git(root, "commit", "--quiet", "--all", "--message", "two")
    name = run_submit(branch=True, root=root)
    assert git(root, "show", f"{name}:README.md") == "one"
    git(root, "update-ref", "refs/remotes/origin/main", "mine")  # what was fetched last comes before what is here
    git(root, "branch", "--quiet", "-D", name)
    assert git(root, "show", f"{run_submit(branch=True, root=root)}:README.md") == "two"


def test_changed_files_are_named(root: Path) -> None:
    (root / "README.md").write_text("two\n")
    (root / "new.txt").write_text("what git does not know is in nobody's way\n")
    error = refused(root)
    assert error.problem == "Files differ from the last commit: README.md."
    assert "git stash" in error.advice


def test_what_is_merged_is_not_submitted_again(root: Path) -> None:
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "merged")
    assert refused(root).problem == "There is no campaign that main lacks."
    assert refused(root, ID).problem == f"{ID} is in main already."


def test_what_is_not_valid_is_not_committed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / "data" / "campaigns" / ID / "calico-bgp.yml"
    path.write_text(path.read_text().replace("mode: calico-bgp", "mode: calico-bpg", 1))
    assert f"{ID} is not valid: " in refused(root, branch=True).problem
    assert "error: " in capsys.readouterr().out
    assert git(root, "branch", "--list", "results/*") == ""


@pytest.mark.parametrize(("name", "message"), [
    ("nothing", "There is no campaign 'nothing'."),
    (str(SAMPLE), "is not in data/campaigns: what is contributed is a campaign."),
])
def test_another_folder_is_none(root: Path, name: str, message: str) -> None:
    assert message in refused(root, name).problem


def test_an_unfinished_campaign_is_finished_first(root: Path) -> None:
    campaign, _ = store.read_campaign(SAMPLE)
    folder = root / "data" / "campaigns" / ID
    (folder / "campaign.yml").unlink()
    store.write_campaign(folder, dataclasses.replace(campaign, status="partial", finished_at=None))
    error = refused(root)
    assert error.problem == f"{ID} is partial, not complete." and "--resume" in error.advice


def test_without_git_the_form_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(root / ".git")
    error = refused(root)
    assert "not a git repository" in error.problem and "result-without-git.yml" in error.advice
    monkeypatch.setenv("PATH", str(root))
    assert "git is not installed" in refused(root).problem


def test_who_does_not_say_who_it_is_is_told_how(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(root, "config", "--unset", "user.name")
    git(root, "config", "--unset", "user.email")
    git(root, "config", "user.useConfigOnly", "true")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    assert "git config user.name" in refused(root, branch=True).advice


def test_both_at_once_are_refused(root: Path) -> None:
    assert "contradict" in refused(root, branch=True, dry_run=True).problem
