"""Result files checked: format, references, arithmetic, physics, attestation, raw outputs, privacy, append-only.

Everything in a result file is untrusted. Each message names the file, the line, the key, the value, and what is allowed.
What others published or contributed long ago may be imperfect in ways that do no harm: that is a warning, the rest errors.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.errors import PodpathError, UserError
from experiments.results import fields, store, summary, yamlfile
from experiments.results.model import Campaign, ModeResult, Trial
from experiments.results.plain import to_plain
from experiments.results.store import Stored

# A ceiling may be exceeded by rounding and by the bytes that sockets hold when a test ends.
CEILING_TOLERANCE = 1.02
INTERVALS_TOLERANCE = 0.10  # single seconds are the sender's view, the goodput the receiver's
# Re-reads a tool's own output: view -> function(text) -> fields of the trial that follow from it.
Reread = Mapping[str, Callable[[str], Mapping[str, Any]]]
Ceiling = Callable[[str | None, Trial], float | None]  # mode (None: baseline), trial -> bit/s

_PRIVATE = (
    (re.compile(r"/(?:home|root|Users)/[^\s\"']*"), "a path of somebody's home"),
    (re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16})\b"), "something like a token"),
)
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")


@dataclass(frozen=True)
class Message:
    """One finding."""

    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass
class Report:
    """What was found in how many files."""

    files: int = 0
    errors: list[Message | str] = field(default_factory=list)
    warnings: list[Message | str] = field(default_factory=list)


def validate(
    path: Path, *, modes: Mapping[str, Any], ceiling: Ceiling = lambda _mode, _trial: None, reread: Reread | None = None,
    base: str | None = None,
) -> Report:
    """Check a result file, a campaign's folder, or all campaigns below a folder.

    ``modes`` are the names of the catalogue; ``ceiling`` and ``reread`` come from later in the line of the package; with
    ``base`` (a git revision) files of data/campaigns may only have been added since.

    Raises:
        UserError: there is no such file or folder.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist.", "Give a result file, a campaign's folder, or data/.")
    report = Report()
    folders = [path.parent] if path.is_file() else sorted({file.parent for file in path.rglob(store.CAMPAIGN_FILE)})
    for folder in folders:
        try:
            campaign, results = store.read_campaign(folder)
        except PodpathError as error:
            report.files += 1
            report.errors.append(error.problem)
            continue
        report.files += 1 + len(results)
        _campaign(report, Stored(folder, campaign, results), modes, ceiling, reread or {})
    if base:
        report.errors += _not_only_added(base)
    return report


class _File:
    """A result file with its text, so that keys have lines."""

    def __init__(self, report: Report, path: Path) -> None:
        self.report, self.path = report, path
        self.text = yamlfile.text_of(path)

    def error(self, key: tuple[str | int, ...], text: str) -> None:
        """Note an error at a key."""
        spelled = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")
        self.report.errors.append(Message(self.path, yamlfile.line_of(self.text, key), f"{spelled} {text}"))


def _campaign(report: Report, stored: Stored, modes: Mapping[str, Any], ceiling: Ceiling, reread: Reread) -> None:
    campaign = stored.campaign
    file = _File(report, stored.folder / store.CAMPAIGN_FILE)
    if campaign.id != stored.folder.name:
        file.error(("id",), f"is '{campaign.id}', the folder is '{stored.folder.name}'; they must be equal.")
    if campaign.purpose == "reference" and campaign.generator.get("dirty") is not False:
        file.error(("generator",), "says that files differed from the commit; a reference comes from a clean checkout.")
    _privacy(file)
    _finished(file, campaign)
    for path, result in zip(store.mode_files(stored.folder), stored.results, strict=True):
        _mode(_File(report, path), stored, result, modes, ceiling, reread)


def _finished(file: _File, campaign: Campaign) -> None:
    if campaign.finished_at and campaign.finished_at < campaign.started_at:
        file.error(("finished_at",), f"is {campaign.finished_at}, before started_at {campaign.started_at}.")
    planned = [cell for cell in campaign.plan if cell.get("state") == "planned"]
    if campaign.status == "complete" and planned:
        file.error(("plan",), f"has {len(planned)} cells that were not measured; a complete campaign has none.")


def _mode(
    file: _File, stored: Stored, result: ModeResult, modes: Mapping[str, Any], ceiling: Ceiling, reread: Reread
) -> None:
    if result.mode not in modes:
        file.error(("mode",), f"is '{result.mode}'; modes: {', '.join(modes)}.")
        return
    named = store.mode_path(stored.folder, result).name
    if file.path.name != named:
        file.error(("mode",), f"and kernel call for the name {named}, the file is {file.path.name}.")
    if result.campaign != stored.campaign.id:
        file.error(("campaign",), f"is '{result.campaign}', the campaign is '{stored.campaign.id}'.")
    for d, deployment in enumerate(result.deployments):
        for name in ("attestation_before", "attestation_after"):
            failed = [check.check for check in getattr(deployment, name) if not check.ok]
            if failed and deployment.trials:
                file.error(("deployments", d, name), f"does not hold ({', '.join(failed)}); then there may be no trials.")
            for c, check in enumerate(getattr(deployment, name)):
                if check.ok != (check.expected == check.observed):
                    file.error(("deployments", d, name, c, "ok"), f"is {check.ok}, but expected and observed say otherwise.")
        if deployment.trials and not (deployment.attestation_before and deployment.attestation_after):
            file.error(("deployments", d), "has trials without an attestation before and after them.")
        for t, trial in enumerate(deployment.trials):
            for key, text in _trial(stored.folder, result.mode, trial, ceiling, reread):
                file.error(("deployments", d, "trials", t, key), text)
    computed = dataclasses.replace(result, summary=summary.summarise(result))
    if to_plain(result).get("summary") != to_plain(computed).get("summary"):
        file.error(("summary",), "is not what its trials give; it is computed, never written by hand.")
    _privacy(file)


def _trial(
    folder: Path, mode: str, trial: Trial, ceiling: Ceiling, reread: Reread
) -> Iterator[tuple[str, str]]:
    """What is wrong with a trial: key and sentence."""
    if trial.status != "ok" and not trial.reason:
        yield "reason", f"is missing; a trial that is {trial.status} says why."
    limit = ceiling(mode if trial.path == "pod-pod" else None, trial)
    value = trial.wire_goodput_bps if trial.view == "wire" else trial.goodput_bps
    if limit is not None and value is not None and value > limit * CEILING_TOLERANCE:
        key = "wire_goodput_bps" if trial.view == "wire" else "goodput_bps"
        yield key, f"is {value:.0f}, above what is possible ({limit:.0f})."
    if trial.view == "wire" and trial.status in ("ok", "discarded"):
        yield from _wire(trial)
    if trial.intervals_bps and trial.goodput_bps and trial.streams == 1:
        mean = sum(trial.intervals_bps) / len(trial.intervals_bps)
        if abs(mean / trial.goodput_bps - 1) > INTERVALS_TOLERANCE:
            yield "intervals_bps", f"have the mean {mean:.0f}, the goodput is {trial.goodput_bps:.0f}."
    if trial.raw is not None:
        yield from _raw(folder, trial, reread)


def _wire(trial: Trial) -> Iterator[tuple[str, str]]:
    payload, size, packets = trial.payload_bytes, trial.underlay_tx_bytes, trial.underlay_tx_packets
    if payload is None or size is None or packets is None or trial.wire_efficiency_ratio is None:
        yield "wire_efficiency_ratio", "or one of its counters is missing."
        return
    wire = size + 24 * packets  # IEEE 802.3: what no counter sees of a frame
    if wire <= 0 or abs(payload / wire - trial.wire_efficiency_ratio) > 1e-6:
        yield "wire_efficiency_ratio", f"is {trial.wire_efficiency_ratio}; the counters give {payload / max(wire, 1):.6f}."
    elif trial.wire_goodput_bps is None or abs(trial.wire_goodput_bps - payload / wire * 1e9) > 1:
        yield "wire_goodput_bps", f"is {trial.wire_goodput_bps}; the counters give {payload / wire * 1e9:.0f}."


def _raw(folder: Path, trial: Trial, reread: Reread) -> Iterator[tuple[str, str]]:
    """The tool's own output: there, unchanged, and giving the same figures."""
    try:
        text = store.read_raw(folder, trial)
        has_figures = trial.status in ("ok", "discarded") and trial.view in reread
        again = reread[trial.view](text) if has_figures else {}
    except PodpathError as error:
        yield "raw", f"does not hold: {error.problem}"
        return
    for key, value in again.items():
        written = getattr(trial, key)
        if written is None or written != fields.rounded(fields.get("Trial", key), value):
            yield key, f"is {written}; the tool's own output says {value}."


def _privacy(file: _File) -> None:
    """Nothing that tells who or where somebody is."""
    for number, line in enumerate(file.text.splitlines(), 1):
        for pattern, what in _PRIVATE:
            if pattern.search(line):
                file.report.errors.append(Message(file.path, number, f"holds {what}; take it out."))
        for text in _ADDRESS.findall(line):
            try:
                public = ipaddress.ip_address(text).is_global
            except ValueError:
                continue
            if public:
                file.report.errors.append(Message(file.path, number, f"holds the public address {text}; take it out."))


def _not_only_added(base: str) -> list[str]:
    """Files of data/campaigns that were changed or removed since a revision."""
    argv = ["git", "diff", "--name-status", "--no-renames", base, "--", "data/campaigns"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(f"git cannot compare with '{base}': {done.stderr.strip()}", "Give a revision that git knows.")
    changed = [line.split("\t", 1) for line in done.stdout.splitlines()]
    return [f"{path}: was {'removed' if status == 'D' else 'changed'} since {base}; campaigns are only ever added."
            for status, path in changed if status != "A"]
