"""What `validate` found, as a person reads it."""

from __future__ import annotations

from experiments.cli.progress import console
from experiments.errors import UserError
from experiments.results.validate import Report


def show_findings(report: Report) -> None:
    """A line for each warning and each error."""
    for message in report.warnings:
        console.print(f"warning: {message}", markup=False)
    for message in report.errors:
        console.print(f"error: {message}", markup=False)


def conclude(report: Report) -> None:
    """All of it, and how much it is.

    Raises:
        UserError: there are errors.
    """
    show_findings(report)
    if report.errors:
        raise UserError(f"{report.counted}.", "Each line above says what is allowed there.")
    console.print(f"{report.counted}.")
