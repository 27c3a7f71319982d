"""A campaign's folder holds the files that the campaign names, and nothing else: regular files of a usual size."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.labs.table import LABS
from experiments.results import store, yamlfile
from experiments.results.checks.report import File, Message, Report
from experiments.results.model import Campaign, ModeResult
from experiments.variant import KERNELS, Variant

Modes = Sequence[tuple[File[ModeResult], ModeResult]]

RAW = "raw"
MOST_FILES = 4096  # twice what a campaign of all modes on both kernels has
MOST_RAW_BYTES = 16 * 1024 * 1024  # of a campaign; a repository carries all of them for ever
MOST_MODES_BYTES = 3 * 1024 * 1024  # of the modes' files together; those of all modes on both kernels have 2 MB
LISTED = 20  # files that do not belong here; of more, only the number is told
_HERE = "a campaign has campaign.yml, a file for each mode of its plan, and the raw outputs that these name"


@dataclass(frozen=True)
class FolderEntry:
    """What lies in a campaign's folder under a name, as the folder itself says it: links are not followed."""

    path: Path
    name: str  # from the campaign's folder
    mode: int
    size: int


@dataclass(frozen=True)
class Listing:
    """A campaign's folder: all that is in it, and the modes' files, by name."""

    entries: tuple[FolderEntry, ...]
    modes: tuple[Path, ...]


def listing(report: Report, folder: Path, campaign: Campaign | None, known: Collection[str]) -> Listing | None:
    """Look at the folder and note what cannot belong there; None if there is more than should be read.

    The modes' files are those of the campaign's plan; where there is none to read, those that modes in ``known`` could have.
    """
    entries: list[FolderEntry] = []
    for entry in _entries(folder):
        if len(entries) == MOST_FILES:
            _note(report, folder, f"holds more than {MOST_FILES} files; no campaign has so many")
            return None
        entries.append(entry)
    entries.sort(key=lambda entry: entry.name)
    named = {cell.variant.file_name for cell in campaign.plan} if campaign else _possible(known)
    modes = [entry for entry in entries if entry.name in named and stat.S_ISREG(entry.mode)]
    strange = [(entry.path, text) for entry in entries if (text := _strange(entry, named))]
    _several(report, folder, strange)
    for name, what, most in ((RAW, f"raw outputs of {_bytes(entries, raw=True)} bytes", MOST_RAW_BYTES),
                             ("", f"modes' files of {_bytes(entries, raw=False)} bytes", MOST_MODES_BYTES)):
        if _bytes(entries, raw=bool(name)) > most:
            _note(report, folder / name, f"holds {what}; allowed: at most {most}")
            return None
    return Listing(tuple(entries), tuple(entry.path for entry in modes))


_AFTER_ID = re.compile(r"(-[1-9][0-9]{0,2})?\.json\.gz")  # of a raw output's name


def raw_outputs(report: Report, folder: Path, found: Listing, modes: Modes, *, all_read: bool) -> None:
    """Every raw output belongs to one trial, and is called as that trial is."""
    named: dict[str, str] = {}
    for file, result in modes:
        for d, deployment in enumerate(result.deployments):
            for t, trial in enumerate(deployment.trials):
                if trial.raw is None:
                    continue
                path = trial.raw["path"]
                own = f"{RAW}/{trial.id}"
                if not (path.startswith(own) and _AFTER_ID.fullmatch(path, len(own))):
                    file.error(("deployments", d, "trials", t, "raw", "path"),
                               f"is not called after its trial; allowed: {RAW}/{trial.id}.json.gz")
                if path in named:
                    file.error(("deployments", d, "trials", t, "raw", "path"), f"is the raw output of {named[path]} too")
                named[path] = trial.id
    if all_read:
        _several(report, folder, [(entry.path, "belongs to no trial; delete it") for entry in found.entries
                                  if entry.name.startswith(f"{RAW}/") and entry.name not in named and not _strange(entry, ())])


def _entries(folder: Path) -> Iterator[FolderEntry]:
    """Everything in the folder and in raw/; no other folder is looked into, and no link is followed."""
    for prefix, place in (("", folder), (f"{RAW}/", folder / RAW)):
        try:
            if not stat.S_ISDIR(place.lstat().st_mode):
                continue
            with os.scandir(place) as found:
                for entry in found:
                    status = entry.stat(follow_symlinks=False)
                    yield FolderEntry(Path(entry.path), prefix + entry.name, status.st_mode, status.st_size)
        except OSError:  # it is not there, or gone again
            continue


def _possible(known: Collection[str]) -> set[str]:
    return {Variant(mode, lab, kernel, daemon).file_name
            for mode in known for lab in LABS for kernel in KERNELS for daemon in ("", "upstream")}


def _strange(entry: FolderEntry, modes: Collection[str]) -> str:
    """Why something does not belong into a campaign's folder; empty if it may."""
    if stat.S_ISLNK(entry.mode):
        return "is a symbolic link; only files belong here"
    if stat.S_ISDIR(entry.mode):
        return "" if entry.name == RAW else f"does not belong here; a campaign has no folder but {RAW}/"
    if not stat.S_ISREG(entry.mode):
        return "is no file; only files belong here"
    if entry.name == RAW:
        return "is a file; the raw outputs lie in a folder of that name"
    if entry.name.startswith(f"{RAW}/"):
        if not store.RAW_PATH.fullmatch(entry.name):
            return f"does not belong here; raw outputs are called like {store.RAW_PATH.pattern}"
        most = store.RAW_MAX_BYTES
    elif entry.name in modes or entry.name == store.CAMPAIGN_FILE:
        most = yamlfile.MAX_BYTES
    elif entry.name.endswith(".tmp"):
        return "was left behind by a write that was interrupted; delete it"
    else:
        return f"does not belong here; {_HERE}"
    return f"has {entry.size} bytes; allowed: at most {most}" if entry.size > most else ""


def _bytes(entries: Sequence[FolderEntry], *, raw: bool) -> int:
    return sum(entry.size for entry in entries if stat.S_ISREG(entry.mode) and entry.name.startswith(f"{RAW}/") == raw)


def _several(report: Report, folder: Path, found: Sequence[tuple[Path, str]]) -> None:
    for path, text in found[:LISTED]:
        _note(report, path, text)
    if len(found) > LISTED:
        _note(report, folder, f"holds {len(found) - LISTED} more files that do not belong here")


def _note(report: Report, path: Path, text: str) -> None:
    report.add(Message(path, 0, "", "", f"{text}."))
