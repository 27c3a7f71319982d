"""Where a page can be edited and when it was changed last: what git knows, and nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from experiments.site import edited

DAY = "2026-02-03"


def git(folder: Path, *arguments: str) -> None:
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "a"), ("EMAIL", "a@example.org"), ("DATE", f"{DAY}T10:00:00Z"))}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env={**os.environ, **who})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("docs/choose.md", "experiments/modes/calico-bgp/page.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# One\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    return tmp_path


@pytest.mark.parametrize(("address", "source"), [
    ("choose.md", "docs/choose.md"), ("notebooks/limit-model.py", "docs/notebooks/limit-model.py"),
    ("modes/calico-bgp.md", "experiments/modes/calico-bgp/page.md"),
    ("modes/not-written.md", ""), ("results/index.md", ""), ("results/campaign.md", ""),
])
def test_a_page_s_source_is_what_a_person_writes(root: Path, address: str, source: str) -> None:
    assert edited.source(address, root) == source


def test_the_day_is_that_of_the_last_commit(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert edited.last_change("docs/choose.md", root) == DAY
    assert edited.last_change("docs/new.md", root) == ""
    shallow = tmp_path_factory.mktemp("clone") / "shallow"
    git(root, "clone", "--quiet", "--depth=1", f"file://{root}", str(shallow))
    assert edited.last_change("docs/choose.md", shallow) == ""  # there every file seems as new as the clone
    assert edited.last_change("docs/choose.md", tmp_path_factory.mktemp("none")) == ""


def test_the_address_is_below_the_repository_s_own() -> None:
    assert edited.address("https://x.example/a/b", "edit/main/docs/", "docs/choose.md") == (
        "https://x.example/a/b/edit/main/docs/choose.md")
    assert edited.address("", "edit/main/docs/", "docs/choose.md") is None
