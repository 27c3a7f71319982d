"""``invoke submit``: a finished campaign as a branch with one commit, and the text of its pull request."""

from __future__ import annotations

import tempfile
from pathlib import Path

from experiments.cli.findings import show_findings
from experiments.cli.progress import console, say
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import lookup, proposal, store
from experiments.results.checks import one_folder
from experiments.results.git import git
from experiments.results.store import Stored
from experiments.results.validate import validate
from experiments.results.words import counted

BASES = ("origin/HEAD", "origin/main", "main")  # what a pull request is made against: the first of these that there is
WITHOUT_GIT = ("Attach the folder to an issue instead: the form \"A result without git\" asks for what is needed, "
               ".github/ISSUE_TEMPLATE/result-without-git.yml.")
LISTED = 5  # files that a message names


def run_submit(result: str = "", *, dry_run: bool = False, branch: bool = False, root: Path = ROOT) -> str:
    """Check a campaign of ``data/campaigns`` and print its pull request; with ``branch`` commit it. The branch's name.

    The commit is made beside the working tree: the branch that is checked out and its files stay as they are.

    Raises:
        UserError: no git, no such campaign, one that is unfinished, not valid or merged already, or changed files.
    """
    if dry_run and branch:
        raise UserError("--dry-run and --branch contradict each other.", "Leave one of them out.")
    _require_git(root)
    base = _base(root)
    campaigns = root / "data" / "campaigns"
    stored = _campaign(result, campaigns, base, root)
    _require_clean(root, stored)
    report = validate(stored.folder)
    show_findings(report)
    if report.errors:
        raise UserError(f"{stored.campaign.id} is not valid: {report.counted}.",
                        "Each line above says what is allowed there; measure again, what is stored is never mended by hand.")
    name = f"results/{stored.campaign.id}"
    if branch:
        _commit(root, base, stored, name)
        say(f"Committed on the branch {name}, which begins at {base}: one folder, "
            f"{counted(len(_files(stored.folder)), 'file')}. The branch that is checked out has not changed.")
    else:
        say(f"Would commit one folder, {counted(len(_files(stored.folder)), 'file')}, on a new branch {name} that begins at "
            f"{base}. Nothing was done.")
    say("The text of the pull request:")
    console.print(f"\n{proposal.title(stored)}\n\n{proposal.text(stored, report)}", markup=False)
    if branch:
        say("Next, to your fork; then open the pull request with this text:")
        console.print(f"  git push --set-upstream origin {name}", markup=False)
    else:
        say("Next:")
        console.print(f"  invoke submit {stored.campaign.id} --branch", markup=False)
    return name


def _require_git(root: Path) -> None:
    try:
        top = Path(git(root, "rev-parse", "--show-toplevel", refused="no branch can be made"))
    except UserError as error:
        raise UserError(f"A result cannot be submitted from here: {error.problem}", WITHOUT_GIT) from None
    if top.resolve() != root.resolve():
        raise UserError(f"A result cannot be submitted from here: {root} is no git checkout of its own.", WITHOUT_GIT)


def _base(root: Path) -> str:
    for name in BASES:
        try:
            git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", refused="")
        except UserError:
            continue
        return name
    raise UserError(f"There is no branch to which the result could be added: none of {', '.join(BASES)}.",
                    "Fetch it: `git fetch origin main:main`.")


def _campaign(result: str, campaigns: Path, base: str, root: Path) -> Stored:
    """The campaign that is meant: by its folder or id, else the newest that is not merged yet."""
    listed = git(root, "ls-tree", "--name-only", "-z", base, "data/campaigns/", refused="git cannot list what is merged")
    merged = set(listed.split("\0"))
    if not result:
        new = [folder for folder in lookup.newest_first([campaigns]) if f"data/campaigns/{folder.name}" not in merged]
        if not new:
            raise UserError(f"There is no campaign that {base} lacks.", "Measure one: `invoke campaign`.")
        result = new[0].name
    folder = Path(result) if (Path(result) / store.CAMPAIGN_FILE).is_file() else campaigns / result
    if folder.resolve().parent != campaigns.resolve():
        raise UserError(f"{result} is not in data/campaigns: what is contributed is a campaign.",
                        "Measure one: `invoke campaign`. A single experiment stays on your machine.")
    if not (folder / store.CAMPAIGN_FILE).is_file():
        there = ", ".join(found.name for found in lookup.newest_first([campaigns])) or "none"
        raise UserError(f"There is no campaign '{result}'.", f"In data/campaigns: {there}.")
    if f"data/campaigns/{folder.resolve().name}" in merged:
        raise UserError(f"{folder.resolve().name} is in {base} already.",
                        "What is merged is never changed: measure another one, `invoke campaign`.")
    stored = Stored(folder.resolve(), *store.read_campaign(folder.resolve()))
    if stored.campaign.status != "complete":
        raise UserError(f"{stored.campaign.id} is {stored.campaign.status}, not complete.",
                        "Finish it: `invoke campaign --resume`." if stored.campaign.status == "partial" else
                        "`invoke validate` says what is wrong with it; measure another one, `invoke campaign`.")
    return stored


def _require_clean(root: Path, stored: Stored) -> None:
    """The result is checked by the code that is there: it must be the committed one, as it will be for who reviews it."""
    listed = git(root, "status", "--porcelain", "--untracked-files=no", "-z", refused="git cannot say what has changed")
    own = stored.folder.relative_to(root.resolve()).as_posix() + "/"
    changed = [entry[3:] for entry in listed.split("\0") if entry[2:3] == " " and not entry[3:].startswith(own)]
    if changed:
        more = f" and {len(changed) - LISTED} more" if len(changed) > LISTED else ""
        raise UserError(f"Files differ from the last commit: {', '.join(changed[:LISTED])}{more}.",
                        "A result is checked by committed code. Commit them elsewhere, or put them away: `git stash`.")


def _commit(root: Path, base: str, stored: Stored, name: str) -> None:
    """One commit on a new branch, made in an index of its own."""
    folder = stored.folder.relative_to(root.resolve()).as_posix()
    if git(root, "branch", "--list", name, refused="git cannot list branches"):
        raise UserError(f"There is a branch {name} already.", f"Push it, or remove it first: `git branch -D {name}`.")
    who = "Say who you are, as git's own message has it: `git config user.name …`, `git config user.email …`."
    git(root, "var", "GIT_COMMITTER_IDENT", refused="git does not know whose commit it would be", advice=who)
    refused = "The commit could not be made"
    with tempfile.TemporaryDirectory() as place:
        index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
        git(root, "read-tree", base, refused=refused, settings=index)
        git(root, "add", "--force", "--", folder, refused=refused, settings=index)
        tree = git(root, "write-tree", refused=refused, settings=index)
    made = git(root, "commit-tree", tree, "-p", base, refused=refused, given=f"{proposal.title(stored)}\n")
    found = one_folder.broken(*one_folder.changes(base, root, made), base)
    if broken := list(found):
        raise UserError(f"{refused}: {broken[0]}", "Remove what does not belong into the folder.")
    git(root, "branch", name, made, refused=refused)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
