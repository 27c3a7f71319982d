"""Stored results by what a person calls them: a folder, a campaign's id, a file, a mode's name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from experiments.errors import UserError
from experiments.results import store
from experiments.results.store import Stored

LISTED = 12  # results that a message names
_STARTED = re.compile(r'^started_at: "?([0-9TZ:-]+)"?$', re.MULTILINE)
MEASURE = "Measure one: `invoke experiment calico-bgp`."


def find(name: str, roots: Sequence[Path]) -> Stored:
    """The results meant by ``name``, whole campaigns or one mode of one; the newest below the roots for an empty name.

    A mode's name means its newest result; ``calico-ipip@uml`` names one of several of the same campaign.

    Raises:
        UserError: there is none, or the name fits several; the message lists what there is.
    """
    if not name:
        for folder in newest_first(roots):
            return _whole(folder)
        raise UserError("There are no results yet.", MEASURE)
    if "/" in name or Path(name).suffix == ".yml" or (Path(name) / store.CAMPAIGN_FILE).is_file():
        return _at(Path(name))
    for root in roots:
        if (root / name / store.CAMPAIGN_FILE).is_file():
            return _whole(root / name)
    for folder in newest_first(roots):
        files = {path.stem: path for path in store.mode_files(folder)}
        fitting = [stem for stem in files if stem.split("@")[0] == name]
        if name in files:
            return _one(files[name])
        if len(fitting) == 1:
            return _one(files[fitting[0]])
        if fitting:
            raise UserError(f"'{name}' fits several results of {folder.name}: {', '.join(fitting)}.", "Name one of them.")
    raise UserError(f"There is no result '{name}'.", _there_is(name, roots))


def newest_first(roots: Sequence[Path]) -> Iterator[Path]:
    """Folders of campaigns below the roots, those begun last first; of each day's only the beginning is read."""
    folders = sorted((folder for root in roots for folder in store.campaign_folders(root)),
                     key=lambda folder: folder.name[:10], reverse=True)
    for _, day in groupby(folders, key=lambda folder: folder.name[:10]):
        yield from sorted(day, key=lambda folder: (_started(folder), folder.name), reverse=True)


def _started(folder: Path) -> str:
    try:
        with (folder / store.CAMPAIGN_FILE).open("rb") as file:
            found = _STARTED.search(file.read(4096).decode("utf-8", "replace"))
    except OSError:
        return ""
    return found[1] if found else ""


def _at(path: Path) -> Stored:
    if path.is_dir():
        return _whole(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist.", "Give a campaign's folder or a mode's file.")
    return _whole(path.parent) if path.name == store.CAMPAIGN_FILE else _one(path)


def _whole(folder: Path) -> Stored:
    return Stored(folder, *store.read_campaign(folder))


def _one(path: Path) -> Stored:
    stored = _whole(path.parent)
    wanted = [result for result in stored.results if store.mode_path(path.parent, result).name == path.name]
    if not wanted:
        raise UserError(f"{path}: is no result of this campaign.", "Give a mode's file as Podpath named it.")
    return replace(stored, results=wanted)


def _there_is(name: str, roots: Sequence[Path]) -> str:
    """What could have been meant: the closest names, else the newest results."""
    folders = list(newest_first(roots))
    if not folders:
        return MEASURE
    modes = dict.fromkeys(path.stem for folder in folders for path in store.mode_files(folder))
    close = difflib.get_close_matches(name, [*modes, *(folder.name for folder in folders)], n=3)
    meant = f"Did you mean {', '.join(close)}? " if close else ""
    more = f" and {len(folders) - LISTED} more" if len(folders) > LISTED else ""
    return (f"{meant}Modes with results: {', '.join(sorted(modes)) or 'none'}. "
            f"Campaigns and experiments: {', '.join(folder.name for folder in folders[:LISTED])}{more}.")
