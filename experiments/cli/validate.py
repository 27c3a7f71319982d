"""``invoke validate``: result files, checked as CI checks them."""

from __future__ import annotations

from pathlib import Path

from experiments import catalog
from experiments.catalog import limits
from experiments.cli.progress import console
from experiments.errors import UserError
from experiments.measure import protocol
from experiments.paths import ROOT
from experiments.results.model import Trial
from experiments.results.validate import validate


def _ceiling(mode: str | None, trial: Trial) -> float | None:
    """What the headers allow, where a rate is given."""
    rate_bps = protocol.ETHERNET_BPS if trial.view == "wire" else trial.link_rate_bps
    return limits.goodput_limit_bps(catalog.get(mode) if mode else None, rate_bps) if rate_bps else None


def run_validate(path: str = "", *, base: str = "") -> None:
    """Check a file, a campaign's folder, or everything below data/; with ``base`` also that files were only added.

    Raises:
        UserError: there are errors; they are listed above.
    """
    report = validate(Path(path) if path else ROOT / "data", modes={**catalog.load(), **catalog.variants()}, ceiling=_ceiling,
                      base=base or None)
    for message in report.warnings:
        console.print(f"warning: {message}", markup=False)
    for message in report.errors:
        console.print(f"error: {message}", markup=False)
    counted = f"{len(report.errors)} errors, {len(report.warnings)} warnings in {report.files} files"
    if report.errors:
        raise UserError(f"{counted}.", "Each line above says what is allowed there.")
    console.print(f"{counted}.")
