"""Result files checked: format, references, arithmetic, physics, attestation, raw outputs, privacy, append-only.

Everything in a result file is untrusted: it is read strictly, compared, and never executed or followed out of its
folder. Each message names file, line, key, value, and what is allowed. What makes a number unfit is an error; what a
person should look at is a warning. The runner asks the same: a deployment is checked before it counts as done, a campaign
before it counts as complete.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments import catalog
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import failures, growth, reported, standing, store
from experiments.results.checks import (
    alike,
    clock,
    copies,
    derived,
    evidence,
    folder,
    labels,
    machine,
    one_folder,
    packet,
    privacy,
    protocol,
    references,
    tree,
    trials,
)
from experiments.results.checks.report import File, Message, Report
from experiments.results.checks.reread import REREAD
from experiments.results.checks.trials import Reread
from experiments.results.model import Campaign, ModeResult
from experiments.results.standing import Standing
from experiments.results.store import Stored

__all__ = ["Message", "Report", "known_modes", "mode_file", "validate", "validate_alone"]

from experiments.results.checks.tree import CAMPAIGNS, DATA, DATED, GROWTH, REPORTED


def known_modes() -> Collection[str]:
    """What may be measured: the modes of the catalogue and their variants."""
    return {**catalog.load(), **catalog.variants()}


def validate(
    path: Path | None = None, *, modes: Collection[str] | None = None, reread: Reread | None = None, base: str | None = None,
    own_name: bool = True, alone: bool = False,
) -> Report:
    """Check a result file, a campaign's folder, or everything below a folder (None: the checkout's ``data``).

    ``modes`` are the names that may be measured (None: :func:`known_modes`). ``reread`` gives for each view a function from
    the tool's own output to the fields of the trial that follow from it; None takes the parsers of ``experiments.probes``.
    With ``base``, a git revision, what has changed since must be a new campaign's folder and nothing else, if results are
    among it. With ``own_name`` this machine's name is looked for in the files; without, the answer is the same on every
    machine. A campaign is compared with the others beside it, in which its trials may not stand too, and with what
    maintainers say of it, unless it is looked at ``alone``.

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
    for file in found.dated:
        (growth if file.absolute().parent.name == GROWTH else failures).check(report, file)
    beside = _Beside(
        known_modes() if modes is None else modes, REREAD if reread is None else reread,
        {} if alone else copies.known(_published(found.campaigns)), {} if alone else _standings(report, found.campaigns),
    )
    for place in found.campaigns:
        _campaign(report, place, beside)
    if base:
        for message in one_folder.broken(*one_folder.changes(base, asked.resolve()), base):
            report.add(message)
    return report


def validate_alone(folder: Path) -> tuple[Report, Stored | None]:
    """A campaign looked at alone, for pages that are the same on every machine, and what its files say: each is read once.

    What they say is None if that of any cannot be told.

    Raises:
        UserError: there is no campaign.
    """
    report = Report(own_name=False)
    found = _found(folder)
    for message in found.strange:
        report.add(message)
    if found.campaigns != [folder]:
        return report, None
    return report, _campaign(report, folder, _Beside(known_modes(), REREAD))


@dataclass(frozen=True)
class _Beside:
    """What a campaign is compared with."""

    modes: Collection[str]
    reread: Reread
    others: copies.Known = field(default_factory=dict)
    standings: Mapping[Path, Standing] = field(default_factory=dict)  # by the folders of published campaigns


def _standings(report: Report, folders: list[Path]) -> dict[Path, Standing]:
    """What maintainers say of the campaigns, by the folder in which these are published."""
    found = {}
    for parent in dict.fromkeys(one.absolute().parent for one in folders):
        if parent.name == CAMPAIGNS:
            found[parent] = Standing()
            try:
                found[parent] = standing.read(parent.parent)
            except UserError as error:
                report.add(Message(parent.parent, 0, "", "", str(error)))
    return found


def _published(folders: list[Path]) -> list[Path]:
    """The campaigns, and where they are published, all others beside them."""
    found = {one.absolute(): None for one in folders}
    for parent in dict.fromkeys(one.absolute().parent for one in folders):
        if parent.name == CAMPAIGNS:
            found |= {file.parent: None for file in sorted(parent.glob(f"*/{store.CAMPAIGN_FILE}"))}
    return list(found)


def mode_file(path: Path, campaign: Campaign) -> Report:
    """Check one mode's file alone, as far as it can be judged while the campaign still runs.

    Its raw outputs are looked at, the campaign's plan and the other files are not.
    """
    report = Report()
    file = File(report, path, "mode", ModeResult)
    if file.value is not None:
        _mode(file, file.value, campaign, path.parent, _Beside(known_modes(), REREAD), alike.Seen())
    return report


# -- what is there --------------------------------------------------------------------------------------------------------


@dataclass
class _Found:
    """Result files at or below a path, and what stands in their place."""

    publications: list[Path] = field(default_factory=list)
    dated: list[Path] = field(default_factory=list)
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
    found = _Found()
    if path.is_symlink():
        if path.absolute().parent.name == CAMPAIGNS:
            found.strange.append(Message(path, 0, "", "", "is a symbolic link; only folders belong here."))
            return found
        path = path.resolve()  # a campaign's name is that of its folder, not that of a link to it
    if stat.S_ISDIR(kind):
        _walk(path, found)
    elif stat.S_ISREG(kind):
        parent = path.absolute().parent
        if parent.name == REPORTED:
            found.publications.append(path)
        elif parent.name in DATED:
            found.dated.append(path)
        elif path.suffix == ".yml" and ((parent / store.CAMPAIGN_FILE).exists() or parent.parent.name == CAMPAIGNS):
            found.campaigns.append(path.parent)
    else:
        raise UserError(f"{path} is neither a file nor a folder.", advice)
    if not (found.publications or found.dated or found.campaigns or found.strange):
        raise UserError(f"{path}: no result files there.", advice)
    return found


def _walk(path: Path, found: _Found) -> None:
    """Look at every folder below a path once; hidden ones (.git, .venv) are nobody's results."""
    for name, folders, files in os.walk(path):
        here = Path(name)
        folders[:] = sorted(inner for inner in folders if not inner.startswith("."))
        parent = here.absolute().parent.name
        if here.absolute().name == DATA:
            found.strange += tree.whole(here)
        if here.absolute().name == REPORTED:
            found.publications += _yaml(here, files)
            found.strange += tree.publications(here)
        elif here.absolute().name in DATED and parent == DATA:
            found.dated += _yaml(here, files)
            found.strange += tree.dated(here)
        elif store.CAMPAIGN_FILE in files or parent == CAMPAIGNS:
            found.campaigns.append(here)
            folders.clear()  # what else is in a campaign's folder is looked at with it
        if here.absolute().name == CAMPAIGNS:
            found.strange += tree.campaigns(here)


def _yaml(here: Path, files: list[str]) -> list[Path]:
    return sorted(here / file for file in files if file.endswith(".yml") and not file.startswith("."))


# -- one campaign ---------------------------------------------------------------------------------------------------------


def _campaign(report: Report, place: Path, beside: _Beside) -> Stored | None:
    """One campaign's folder, and what its files say, if that can be told of all of them."""
    report.unpacked_bytes = 0
    file = File(report, place / store.CAMPAIGN_FILE, "campaign", Campaign)
    campaign = file.value
    found = folder.listing(report, place, campaign, beside.modes)
    if found is None:  # far more than any campaign has: to read it would take as long as somebody wants
        return None
    files = [File(report, path, "mode", ModeResult) for path in found.modes]
    read = [(f, f.value) for f in files if f.value is not None]
    everything: list[File[Any]] = [file, *(f for f in files if f.value is None)]
    for checked in everything:
        privacy.check(checked)
    folder.raw_outputs(report, place, found, read, all_read=len(read) == len(files))
    seen: dict[str, str] = {}
    slices = alike.Seen()
    for f, result in read:
        _mode(f, result, campaign, place, beside, slices)
        copies.check(f, result, place.name, seen, beside.others)
    clock.deployments(read)
    if campaign is None:
        return None
    references.campaign(file, campaign, place, beside.modes)
    protocol.numbers(file, campaign)
    evidence.provenance(file, campaign, beside.standings.get(place.absolute().parent))
    clock.campaign(file, campaign)
    machine.numbers(file, campaign.host)
    privacy.facts(file, campaign)
    if len(read) == len(files):
        references.plan(file, campaign, read)
        evidence.measured(file, campaign, read)
        derived.noise(file, campaign, [result for _, result in read])
    whole = [f.path for f, _ in read] == store.mode_files(place)
    return Stored(place, campaign, [result for _, result in read]) if whole else None


def _mode(
    file: File[ModeResult], result: ModeResult, campaign: Campaign | None, place: Path, beside: _Beside, slices: alike.Seen
) -> None:
    """One mode's file; what the campaign says is needed for names, times and processors, and its ``slices`` to know copies."""
    privacy.check(file)
    evidence.attestation(file, result)
    if result.mode in beside.modes:
        mode = catalog.get(result.mode)
        labels.check(file, result, mode)
        packet.check(file, result, mode)
    derived.summaries(file, result)
    if campaign is not None:
        references.mode(file, result, campaign, place, beside.modes)
        protocol.trials(file, result, campaign)
        trials.check(file, result, campaign, place, beside.modes, beside.reread, slices)
