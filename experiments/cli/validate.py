"""``invoke validate``: result files, checked as CI checks them."""

from __future__ import annotations

from pathlib import Path

from experiments.cli.progress import console
from experiments.errors import UserError
from experiments.results.validate import Report, validate


def run_validate(path: str = "", *, base: str = "") -> None:
    """Check a file, a campaign's folder, or everything below data/; with ``base`` also that files were only added.

    Raises:
        UserError: there are errors, which are listed above; or there are no result files.
    """
    report = validate(Path(path) if path else None, base=base or None)
    show_findings(report)
    if report.errors:
        raise UserError(f"{report.counted}.", "Each line above says what is allowed there.")
    console.print(f"{report.counted}.")


def show_findings(report: Report) -> None:
    """A line for each warning and each error."""
    for message in report.warnings:
        console.print(f"warning: {message}", markup=False)
    for message in report.errors:
        console.print(f"error: {message}", markup=False)
