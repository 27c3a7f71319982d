"""What a branch may change if it brings results: one new folder of data/campaigns, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import git

from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.checks import one_folder
from experiments.results.validate import validate

SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"
ID = store.read_campaign(SAMPLE)[0].id


def put(root: Path, name: str, text: str = "text\n") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def campaign(root: Path, name: str = ID) -> None:
    shutil.copytree(SAMPLE, root / "data" / "campaigns" / name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one merged campaign, on a branch of its own."""
    for name in ("README.md", "docs/choose.md", ".github/workflows/ci.yml", "experiments/results/validate.py",
                 "data/schema/mode-1.schema.json", "data/campaigns/2026-01-01-merged/campaign.yml"):
        put(tmp_path, name)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    git(tmp_path, "switch", "--quiet", "--create", "branch")
    return tmp_path


def commit(root: Path) -> None:
    git(root, "add", "--all", "--force")
    git(root, "commit", "--quiet", "--message", "two")


def said(root: Path, head: str = "") -> list[str]:
    found = one_folder.changes("main", root, head)
    return [str(message).removeprefix(f"{root}/") for message in one_folder.broken(*found, "main")]


def edit_of_merged(root: Path) -> None:
    put(root, "data/campaigns/2026-01-01-merged/campaign.yml", "other\n")


RULE = f"; {one_folder.RULE}."
# What is changed besides a good campaign, and what is said of it.
HOSTILE: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "three campaigns": (lambda root: [campaign(root, f"2026-02-0{n}-h") for n in (1, 2)],
                        [f"data/campaigns/{name}: is one of 3 folders{RULE}" for name in ("2026-02-01-h", "2026-02-02-h", ID)]),
    "a changed README": (lambda root: put(root, "README.md", "x"), [f"README.md: does not belong in it{RULE}"]),
    "a workflow": (lambda root: put(root, ".github/workflows/ci.yml", "x"),
                   [f".github/workflows/ci.yml: does not belong in it{RULE}"]),
    "a page": (lambda root: put(root, "docs/choose.md", "x"), [f"docs/choose.md: does not belong in it{RULE}"]),
    "attributes": (lambda root: put(root, ".gitattributes", "x"), [f".gitattributes: does not belong in it{RULE}"]),
    "a file beside the folders": (lambda root: put(root, "data/campaigns/x.yml"),
                                  [f"data/campaigns/x.yml: does not belong in it{RULE}"]),
    "a schema": (lambda root: put(root, "data/schema/mode-1.schema.json", "x"),
                 [f"data/schema/mode-1.schema.json: does not belong in it{RULE}"]),
    "a schema removed": (lambda root: (root / "data/schema/mode-1.schema.json").unlink(),
                         [f"data/schema/mode-1.schema.json: does not belong in it{RULE}"]),
    "a name of two lines": (lambda root: put(root, "x\n::error::y"), [f"'x\\n::error::y': does not belong in it{RULE}"]),
    "merged data and validate.py": (
        lambda root: [edit_of_merged(root), put(root, "experiments/results/validate.py", "x")],
        ["data/campaigns/2026-01-01-merged/campaign.yml: was changed since main; campaigns are only added.",
         f"data/campaigns/2026-01-01-merged: is one of 2 folders{RULE}", f"data/campaigns/{ID}: is one of 2 folders{RULE}",
         f"experiments/results/validate.py: does not belong in it{RULE}"]),
    "merged data removed": (lambda root: (root / "data/campaigns/2026-01-01-merged/campaign.yml").unlink(),
                            ["data/campaigns/2026-01-01-merged/campaign.yml: was removed since main; campaigns are only added.",
                             f"data/campaigns/2026-01-01-merged: is one of 2 folders{RULE}",
                             f"data/campaigns/{ID}: is one of 2 folders{RULE}"]),
    "a file added to merged data": (
        lambda root: put(root, "data/campaigns/2026-01-01-merged/raw/x"),
        ["data/campaigns/2026-01-01-merged/raw/x: was added to a campaign that is older since main; campaigns are only added.",
         f"data/campaigns/2026-01-01-merged: is one of 2 folders{RULE}",
         f"data/campaigns/{ID}: is one of 2 folders{RULE}"]),
    "a link": (lambda root: (root / "data" / "campaigns" / ID / "link").symlink_to("/etc/passwd"),
               [f"data/campaigns/{ID}/link: is no plain file (git's mode is 120000)."]),
    "a program": (lambda root: [put(root, f"data/campaigns/{ID}/run"), (root / f"data/campaigns/{ID}/run").chmod(0o755)],
                  [f"data/campaigns/{ID}/run: is no plain file (git's mode is 100755)."]),
}


def test_one_new_folder_is_what_it_may_be(root: Path) -> None:
    campaign(root)
    commit(root)
    assert said(root) == said(root, "branch") == []
    git(root, "switch", "--quiet", "main")  # what others have merged meanwhile is not this branch's
    put(root, "README.md", "new\n")
    commit(root)
    assert said(root, "branch") == []


@pytest.mark.parametrize("what", HOSTILE)
def test_anything_else_is_refused_and_named(what: str, root: Path) -> None:
    campaign(root)
    change, messages = HOSTILE[what]
    change(root)
    commit(root)
    assert sorted(said(root)) == sorted(said(root, "branch")) == sorted(messages)


@pytest.mark.parametrize("names", [["README.md"], ["experiments/results/validate.py", "data/schema/mode-1.schema.json"]])
def test_a_branch_without_results_is_none_of_its_business(names: list[str], root: Path) -> None:
    for name in names:
        put(root, name, "x")
    commit(root)
    assert said(root) == []


def test_what_is_not_committed_yet_is_not_missed(root: Path) -> None:
    put(root, "data/campaigns/2026-01-01-merged/raw/x")
    assert said(root) == [
        "data/campaigns/2026-01-01-merged/raw/x: was added to a campaign that is older since main; campaigns are only added."]


def test_invoke_validate_says_it(root: Path) -> None:
    campaign(root)
    put(root, "README.md", "x")
    commit(root)
    report = validate(root / "data" / "campaigns" / ID, base="main")
    assert [str(message) for message in report.errors] == [f"{root}/README.md: does not belong in it{RULE}"]


def test_what_is_taken_out_of_git_is_the_bytes_whatever_attributes_say(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    campaign(root)
    put(root, f"data/campaigns/{ID}/.gitattributes", "* export-ignore\n*.yml text eol=crlf\n")
    commit(root)
    _, found = one_folder.changes("main", root, "branch")
    into = tmp_path_factory.mktemp("into")
    one_folder.extract(root, found, into)
    for path in SAMPLE.rglob("*"):
        if path.is_file():
            assert (into / "data" / "campaigns" / ID / path.relative_to(SAMPLE)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["data/campaigns/x/../../../evil", "README.md", "data/campaigns/x/.git/config"])
def test_a_name_that_leads_elsewhere_is_not_written(name: str, root: Path, tmp_path: Path) -> None:
    blob = git(root, "rev-parse", "main:README.md")
    with pytest.raises(UserError, match="is no name of a file in a campaign"):
        one_folder.extract(root, [one_folder.Change("A", one_folder.FILE, blob, name)], tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_too_much_is_not_written(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_folder, "MOST_BYTES", 3)
    blob = git(root, "rev-parse", "main:README.md")
    with pytest.raises(UserError, match="1 files with 5 bytes are not looked at"):
        one_folder.extract(root, [one_folder.Change("A", one_folder.FILE, blob, "data/campaigns/x/y")], tmp_path / "into")


def test_no_git_and_no_revision(root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="git cannot compare with 'nothing': it does not know that revision"):
        one_folder.changes("nothing", root)
    with pytest.raises(UserError, match="git cannot compare with 'main': not a git repository"):
        one_folder.changes("main", tmp_path_factory.mktemp("none"))
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(UserError, match="git is not installed"):
        one_folder.changes("main", root)
