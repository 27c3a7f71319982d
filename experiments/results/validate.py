"""Result files checked: format, references, arithmetic, physics, attestation, raw outputs, privacy, append-only.

Everything in a result file is untrusted: it is read strictly, compared, and never executed or followed out of its
folder. Each message names file, line, key, value, and what is allowed. What makes a number unfit is an error; what a
person should look at is a warning. The runner asks the same: a deployment is checked before it counts as done, a campaign
before it counts as complete.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments import catalog
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import reported, store
from experiments.results.checks import derived, evidence, history, of_protocol, privacy, references, trials
from experiments.results.checks.report import File, Message, Report
from experiments.results.checks.reread import REREAD
from experiments.results.checks.trials import Reread
from experiments.results.model import Campaign, ModeResult

__all__ = ["Message", "Report", "known_modes", "mode_file", "validate"]

REPORTED, CAMPAIGNS = "reported", "campaigns"


def known_modes() -> Collection[str]:
    """What may be measured: the modes of the catalogue and their variants."""
    return {**catalog.load(), **catalog.variants()}


def validate(
    path: Path | None = None, *, modes: Collection[str] | None = None, reread: Reread | None = None, base: str | None = None,
    own_name: bool = True,
) -> Report:
    """Check a result file, a campaign's folder, or everything below a folder (None: the checkout's ``data``).

    ``modes`` are the names that may be measured (None: :func:`known_modes`). ``reread`` gives for each view a function from
    the tool's own output to the fields of the trial that follow from it; None takes the parsers of ``experiments.probes``.
    With ``base``, a git revision, files of data/campaigns may only have been added since. With ``own_name`` this machine's
    name is looked for in the files; without, the answer is the same on every machine.

    Raises:
        UserError: there are no result files there, or git cannot compare with ``base``.
    """
    asked = path or ROOT / "data"
    found = _found(asked)
    report = Report(own_name=own_name)
    for message in found.strange:
        report.add(message)
    for file in found.publications:
        reported.check(report, file)
    for folder in found.campaigns:
        _campaign(report, folder, known_modes() if modes is None else modes, REREAD if reread is None else reread)
    if base:
        for message in history.not_only_added(base, asked.resolve()):
            report.add(message)
    return report


def mode_file(path: Path, campaign: Campaign) -> Report:
    """Check one mode's file alone, as far as it can be judged while the campaign still runs.

    Its raw outputs are looked at, the campaign's plan and the other files are not.
    """
    report = Report()
    file = File(report, path, "mode", ModeResult)
    if file.value is not None:
        _mode(file, file.value, campaign, path.parent, known_modes(), REREAD)
    return report


# -- what is there --------------------------------------------------------------------------------------------------------


@dataclass
class _Found:
    """Result files at or below a path, and what stands in their place."""

    publications: list[Path] = field(default_factory=list)
    campaigns: list[Path] = field(default_factory=list)
    strange: list[Message] = field(default_factory=list)


def _found(path: Path) -> _Found:
    """Every publication and every campaign's folder at or below a path; folders of data/campaigns without a campaign too.

    A symbolic link is followed only where it was asked for.

    Raises:
        UserError: there is no such path, or no result file.
    """
    advice = "Give a result file, a campaign's folder, or data/."
    try:
        kind = path.stat().st_mode
    except OSError as error:
        there = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise UserError(f"{path} {there}.", advice) from None
    if path.is_symlink():  # a campaign's name is that of its folder, not that of a link to it
        path = path.resolve()
    found = _Found()
    if stat.S_ISDIR(kind):
        _walk(path, found)
    elif stat.S_ISREG(kind):
        folder = path.absolute().parent
        if folder.name == REPORTED:
            found.publications.append(path)
        elif path.suffix == ".yml" and ((folder / store.CAMPAIGN_FILE).exists() or folder.parent.name == CAMPAIGNS):
            found.campaigns.append(path.parent)
    else:
        raise UserError(f"{path} is neither a file nor a folder.", advice)
    if not (found.publications or found.campaigns or found.strange):
        raise UserError(f"{path}: no result files there.", advice)
    return found


def _walk(path: Path, found: _Found) -> None:
    """Look at every folder below a path once; hidden ones (.git, .venv) are nobody's results."""
    for name, folders, files in os.walk(path):
        here = Path(name)
        folders[:] = sorted(inner for inner in folders if not inner.startswith("."))
        parent = here.absolute().parent.name
        if here.absolute().name == REPORTED:
            found.publications += sorted(here / file for file in files if file.endswith(".yml") and not file.startswith("."))
        elif store.CAMPAIGN_FILE in files or parent == CAMPAIGNS:
            found.campaigns.append(here)
            folders.clear()  # what else is in a campaign's folder is looked at with it
        if here.absolute().name == CAMPAIGNS:
            found.strange += [Message(here / inner, 0, "", "", "is a symbolic link; only folders belong here.")
                              for inner in folders if (here / inner).is_symlink()]


# -- one campaign ---------------------------------------------------------------------------------------------------------


def _campaign(report: Report, folder: Path, modes: Collection[str], reread: Reread) -> None:
    """One campaign's folder. Nothing of it is kept afterwards, so that memory does not grow with their number."""
    file = File(report, folder / store.CAMPAIGN_FILE, "campaign", Campaign)
    files = [File(report, path, "mode", ModeResult) for path in store.mode_files(folder)]
    read = [(f, f.value) for f in files if f.value is not None]
    everything: list[File[Any]] = [file, *(f for f in files if f.value is None)]
    for checked in everything:
        privacy.check(checked)
    references.folder(report, folder, read, all_read=len(read) == len(files))
    campaign = file.value
    for f, result in read:
        _mode(f, result, campaign, folder, modes, reread)
    if campaign is None:
        return
    references.campaign(file, campaign, folder, modes)
    evidence.provenance(file, campaign)
    if len(read) == len(files):
        references.plan(file, campaign, read)
        derived.noise_floor(file, campaign, [result for _, result in read])


def _mode(
    file: File[ModeResult], result: ModeResult, campaign: Campaign | None, folder: Path, modes: Collection[str],
    reread: Reread,
) -> None:
    """One mode's file; what the campaign says is needed for names, times and processors."""
    privacy.check(file)
    evidence.attestation(file, result)
    derived.summaries(file, result)
    if campaign is not None:
        references.mode(file, result, campaign, folder, modes)
        trials.check(file, result, campaign, folder, modes, reread)
        of_protocol.check(file, result, campaign)
