"""``invoke validate``: result files, checked as CI checks them."""

from __future__ import annotations

from pathlib import Path

from experiments.cli.findings import conclude
from experiments.cli.review import run_review
from experiments.results.validate import validate


def run_validate(path: str = "", *, base: str = "", head: str = "", report: str = "") -> None:
    """Check a file, a campaign's folder, or everything below data/; with ``base`` also what was changed since.

    With ``head`` what is checked is a proposed commit, taken out of git: it need not be checked out, and nothing of it is
    run. ``report`` is a file for what a reviewer is given of it.

    Raises:
        UserError: there are errors, which are listed above; or there are no result files.
    """
    if head or report:
        run_review(base, head, report, path)
    else:
        conclude(validate(Path(path) if path else None, base=base or None))
