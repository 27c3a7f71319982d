"""Result files checked: format, references, arithmetic, physics, attestation, raw outputs, privacy, append-only.

Everything in a result file is untrusted: it is read strictly, compared, and never executed or followed out of its
folder. Each message names file, line, key, value, and what is allowed. What makes a number unfit is an error; what a
person should look at is a warning.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import reported, store
from experiments.results.checks import derived, evidence, history, privacy, references, trials
from experiments.results.checks.report import File, Message, Report
from experiments.results.checks.reread import REREAD
from experiments.results.checks.trials import Ceiling, Reread
from experiments.results.model import Campaign, ModeResult, Trial

__all__ = ["Message", "Report", "validate"]

REPORTED = "reported"


def _no_ceiling(_mode: str | None, _trial: Trial) -> float | None:
    return None


def validate(
    path: Path | None = None, *, modes: Collection[str], ceiling: Ceiling = _no_ceiling, reread: Reread | None = None,
    base: str | None = None,
) -> Report:
    """Check a result file, a campaign's folder, or everything below a folder (None: the checkout's ``data``).

    ``modes`` are the names of the catalogue. ``ceiling(mode, trial)`` gives the bit/s that are possible at most (mode
    None: the baseline), or None. ``reread`` gives for each view a function from the tool's own output to the fields of
    the trial that follow from it; None takes the parsers of ``experiments.probes``. With ``base``, a git revision,
    files of data/campaigns may only have been added since.

    Raises:
        UserError: there is no such file or folder, or git cannot compare with ``base``.
    """
    path = path or ROOT / "data"
    if not path.exists():
        raise UserError(f"{path} does not exist.", "Give a result file, a campaign's folder, or data/.")
    report = Report()
    for file in _publications(path):
        reported.check(report, file)
    for folder in _folders(path):
        _campaign(report, folder, modes, ceiling, REREAD if reread is None else reread)
    if base:
        for message in history.not_only_added(base, path.resolve()):
            report.add(message)
    return report


def _publications(path: Path) -> list[Path]:
    """The files of data/reported at or below a path."""
    if path.is_file():
        return [path] if path.parent.name == REPORTED else []
    folders = [path] if path.name == REPORTED else [*path.rglob(REPORTED)]
    return sorted(file for folder in folders for file in folder.glob("[!.]*.yml"))


def _folders(path: Path) -> list[Path]:
    """The campaigns' folders at or below a path; those of data/campaigns also where there is no campaign in them."""
    if path.is_file():
        return [] if path.parent.name == REPORTED else [path.parent]
    found = {file.parent for file in path.rglob(store.CAMPAIGN_FILE)}
    for parent in (path, *path.rglob("campaigns")):
        if parent.name == "campaigns" and parent.is_dir():
            found |= {entry for entry in parent.iterdir() if entry.is_dir()}
    return sorted(found)


def _campaign(report: Report, folder: Path, modes: Collection[str], ceiling: Ceiling, reread: Reread) -> None:
    """One campaign's folder. Nothing of it is kept afterwards, so that memory does not grow with their number."""
    file = File(report, folder / store.CAMPAIGN_FILE, "campaign", Campaign)
    files = [File(report, path, "mode", ModeResult) for path in store.mode_files(folder)]
    read = [(f, f.value) for f in files if f.value is not None]
    everything: list[File[Any]] = [file, *files]
    for checked in everything:
        privacy.check(checked)
    references.folder(report, folder, read, all_read=len(read) == len(files))
    for f, result in read:
        evidence.attestation(f, result)
        derived.summaries(f, result)
    campaign = file.value
    if campaign is None:
        return
    references.campaign(file, campaign, folder, modes)
    evidence.provenance(file, campaign)
    for f, result in read:
        references.mode(f, result, campaign, folder, modes)
        trials.check(f, result, campaign, folder, ceiling if result.mode in modes else _no_ceiling, reread)
    if len(read) == len(files):
        references.plan(file, campaign, read)
        derived.noise_floor(file, campaign, [result for _, result in read])
