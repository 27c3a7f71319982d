"""``invoke validate --base … --head …``: a proposed result, checked by the code that is here and not by its own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from experiments import catalog
from experiments.cli.findings import conclude
from experiments.cli.progress import say
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.checks import one_folder
from experiments.results.store import Stored
from experiments.results.validate import Report, validate
from experiments.site import report as pages
from experiments.site.templating import environment


def run_review(base: str, head: str, report: str = "", path: str = "", *, root: Path = ROOT) -> None:
    """Check what ``head`` proposes for ``base``; both are revisions that git has here. ``report``: where to put the page.

    The proposed files are taken out of git into a folder of their own. Nothing of them is run, and no file of the head but
    those of its one campaign is looked at.

    Raises:
        UserError: something is missing on the command line, git does not know a revision, or there are errors.
    """
    if not (base and head) or path:
        raise UserError("--head and --report are for a proposed commit: with --base REVISION --head REVISION and no --path.",
                        "For example: invoke validate --base origin/main --head FETCH_HEAD --report report.html")
    _, changes = one_folder.changes(base, root, head)
    found = Report(own_name=False)
    for message in one_folder.broken(root, changes, base):
        found.add(message)
    folders = dict.fromkeys(change.folder for change in changes if change.folder)
    if not folders:
        say("No results are proposed: nothing below data/campaigns differs.")
    with tempfile.TemporaryDirectory(prefix="podpath-review-") as place:
        stored = None
        if len(folders) == 1 and not found.errors:
            folder = Path(place) / next(iter(folders))
            # What is merged lies beside it: a campaign is compared with the others.
            shutil.copytree(root / "data", Path(place) / "data", symlinks=True, ignore=_not_merged)
            shutil.rmtree(folder, ignore_errors=True)
            one_folder.extract(root, changes, Path(place))
            found = validate(folder, own_name=False)
            stored = _readable(folder)
        _shorten(found, place)
        if report:
            title = f"Proposed: {', '.join(Path(folder).name for folder in folders) or 'no results'}"
            known = {**catalog.load(), **catalog.variants()}
            text = pages.page(environment(root / "docs" / "templates"), known, title, found, stored,
                              root / "data" / "campaigns")
            store.atomic_write(Path(report), text.encode("utf-8", "replace"))
            say(f"For the reviewer: {report}")
    conclude(found)


def _not_merged(folder: str, names: list[str]) -> set[str]:
    """What of data/ is this machine's own."""
    return {"local"} & set(names) if Path(folder).name == "data" else set()


def _readable(folder: Path) -> Stored | None:
    """The campaign, if it can be read at all: a page about it is made of valid figures only in part, and says so."""
    try:
        return Stored(folder, *store.read_campaign(folder))
    except UserError:
        return None


def _shorten(found: Report, place: str) -> None:
    """Name files as the pull request has them, not by where they lie for a moment."""
    for messages in (found.errors, found.warnings):
        messages[:] = [one_folder.relative(message, Path(place)) for message in messages]
