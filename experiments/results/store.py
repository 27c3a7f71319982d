"""Campaign folders: writing that is never half-done, reading that is strict.

A campaign is a folder ``<date>-<host>[-k]`` with ``campaign.yml``, one file for each mode and kernel, and the tools'
own outputs below ``raw/``. What is to be written is read back first; then it is written beside its place, flushed, and
only then renamed: a kill or a full disk leaves the earlier file whole.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from experiments.errors import ExperimentFailed, UserError
from experiments.results import fields, migrate, outputs, yamldump, yamlfile
from experiments.results.model import Campaign, ModeResult, Raw, Trial
from experiments.results.plain import Key, Misfit, digest, shown, spelled, to_plain
from experiments.results.plain import from_plain as _from_plain

T = TypeVar("T")

CAMPAIGN_FILE = "campaign.yml"
BESIDE = ("local", "campaigns")  # the folders of data/ whose ids are names of pages
RAW_PATH = re.compile(fields.get("Raw", "path").pattern)
RAW_MAX_BYTES = 1024 * 1024  # of one tool's output, unpacked
SCHEMA_LINE = "# yaml-language-server: $schema={depth}schema/{kind}-{version}.schema.json\n"


@dataclass(frozen=True)
class Stored:
    """A campaign as it lies on disk."""

    folder: Path
    campaign: Campaign
    results: list[ModeResult]


def from_plain(wanted: type[T], plain: Any) -> T:
    """An object of the model from plain values, such as ``dataclasses.asdict`` gives or JSON carries.

    Raises:
        UserError: a value does not fit the registry of fields; the message names its key.
    """
    try:
        return _from_plain(wanted, plain)
    except Misfit as misfit:
        raise UserError(f"{wanted.__name__}: {_sentence(misfit)}.") from None


# -- writing ------------------------------------------------------------------------------------------------------


def campaign_dir(root: Path, date: str, name: str) -> Path:
    """Make a new folder ``<date>-<name>`` below ``root``; if there is one, ``-2``, ``-3`` … is appended.

    Of data/local and data/campaigns, both are looked into: an experiment and a campaign of the same day would else have the
    same id, and the same page.

    Raises:
        UserError: the name would not be a plain folder name, or the folder cannot be made.
    """
    name = f"{date}-{name}"
    try:
        _check_name(fields.get("Campaign", "id").pattern, name)
        root.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            folder = root / (name if number == 1 else f"{name}-{number}")
            if any((root.parent / beside / folder.name).exists() for beside in BESIDE):
                continue
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                return folder
    except OSError as error:
        raise UserError(f"{root}: no folder can be made there: {error.strerror}.", "Choose another --out.") from None
    raise UserError(f"{root / name}: there are 9,999 campaigns of that name.", "Move some away.")


def _check_name(pattern: str, name: str) -> None:
    if not re.fullmatch(pattern, name) or len(name) > 100:
        raise UserError(
            f"'{name}' cannot name a campaign.", "Choose a --host of small letters, digits and hyphens."
        )


def write_campaign(folder: Path, campaign: Campaign) -> Path:
    """Write ``campaign.yml``; the path.

    Raises:
        UserError: a value does not fit the format.
        ExperimentFailed: the disk is full or refuses.
    """
    path = folder / CAMPAIGN_FILE
    write_object(path, "campaign", campaign)
    return path


def mode_path(folder: Path, result: ModeResult) -> Path:
    """Return where a mode's file lies."""
    return folder / result.variant.file_name


def write_mode(folder: Path, result: ModeResult) -> Path:
    """Write a mode's file, with outputs in the transcript shortened as far as the file's size asks for; the path.

    Raises:
        UserError: a value does not fit the format.
        ExperimentFailed: the disk is full or refuses, or the file would be too large with empty outputs too.
    """
    path = mode_path(folder, result)
    for limit in outputs.LIMITS:
        with contextlib.suppress(outputs.TooLarge):
            write_object(path, "mode", outputs.shorten(result, limit))
            return path
    raise ExperimentFailed(
        f"{path}: would be larger than {yamlfile.MAX_BYTES // 1024} KiB.", "Measure with fewer deployments or nodes."
    )


def write_raw(folder: Path, trial_id: str, text: str, tool: str) -> Raw:
    """Store a tool's output below ``raw/`` and return what a trial says of it (path, sha256, tool).

    JSON is stored as it is, other text as ``{"tool": …, "output": …}``. A file of that name with another content stays:
    the new one gets ``-2``, ``-3`` … . This machine's name and the paths of its user are taken out.

    Raises:
        UserError: ``trial_id`` cannot be a file name.
        ExperimentFailed: the disk is full or refuses, or the output is larger than 1 MiB.
    """
    _check_name(fields.get("Trial", "id").pattern, trial_id)
    content = outputs.pack(outputs.private(text), tool)
    if len(content) > RAW_MAX_BYTES:
        raise ExperimentFailed(f"The output of {tool} in {trial_id} is larger than {RAW_MAX_BYTES // 1024} KiB.")
    packed = gzip.compress(content, compresslevel=9, mtime=0)
    for number in range(1, 1000):
        name = f"raw/{trial_id}.json.gz" if number == 1 else f"raw/{trial_id}-{number}.json.gz"
        path = folder / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            atomic_write(path, packed)
        elif path.read_bytes() != packed:
            continue
        return {"path": name, "sha256": hashlib.sha256(packed).hexdigest(), "tool": tool}
    raise ExperimentFailed(f"{folder / 'raw'}: there are too many files for {trial_id}.")


def write_object(path: Path, kind: str, value: Any) -> None:
    """Write an object of the model as a file of that kind, with its digest; what was written is read back first.

    Raises:
        UserError: a value does not fit the format.
        ExperimentFailed: the disk is full or refuses.
    """
    try:
        plain = outputs.fit_to_store(to_plain(value))
    except Misfit as misfit:
        raise UserError(f"{path}: {_sentence(misfit)}.") from None
    plain["digest"] = digest(plain)
    try:
        _from_plain(type(value), plain)
    except Misfit as misfit:
        raise UserError(f"{path}: {_sentence(misfit)}.") from None
    text = _text(kind, plain)
    content = text.encode()
    if len(content) > yamlfile.MAX_BYTES:
        raise outputs.TooLarge(path)
    if yamlfile.parse(text, str(path)) != plain:
        raise AssertionError(f"{path}: what was written does not read back as it was")
    atomic_write(path, content)


def text_of(value: Campaign | ModeResult) -> str:
    """The text of a campaign's or a mode's file as Podpath writes it, with no text beside its values."""
    return _text("campaign" if isinstance(value, Campaign) else "mode", to_plain(value))


def _text(kind: str, plain: dict[str, Any]) -> str:
    depth = "../../" if kind in ("campaign", "mode") else "../"
    return SCHEMA_LINE.format(depth=depth, kind=kind, version=migrate.CURRENT[kind]) + yamldump.dump(plain)


def atomic_write(path: Path, content: bytes) -> None:
    """Put a file in its place in one step: written beside it, flushed to the disk, renamed.

    Raises:
        ExperimentFailed: the disk is full or refuses; the earlier file is as it was.
    """
    beside = path.with_name(f".{path.name}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise ExperimentFailed(
            f"{path}: could not be written: {error.strerror}.", "Make room, then do it again."
        ) from None


# -- reading ------------------------------------------------------------------------------------------------------


def read_campaign(folder: Path) -> tuple[Campaign, list[ModeResult]]:
    """A campaign and its modes' results in the order of their file names.

    Raises:
        UserError: a file is missing, broken, of a newer version, or does not fit the format; names file, line and key.
    """
    path = folder / CAMPAIGN_FILE
    if not path.is_file():
        raise UserError(f"{folder}: is not a campaign: it has no {CAMPAIGN_FILE}.")
    campaign = _read(path, Campaign, "campaign")
    return campaign, [read_mode(file) for file in mode_files(folder)]


def campaign_folders(root: Path) -> list[Path]:
    """The campaigns' folders below ``root``, by name; a link is none, wherever it leads."""
    return [path.parent for path in sorted(root.glob(f"[!.]*/{CAMPAIGN_FILE}"))
            if not (path.parent.is_symlink() or path.is_symlink())]


def mode_files(folder: Path) -> list[Path]:
    """The modes' files in a campaign's folder, by name."""
    return sorted(file for file in folder.glob("[!.]*.yml") if file.name != CAMPAIGN_FILE)


def read_mode(path: Path) -> ModeResult:
    """One mode's file.

    Raises:
        UserError: as :func:`read_campaign`.
    """
    return _read(path, ModeResult, "mode")


def read_raw(folder: Path, trial: Trial) -> str:
    """The tool's own output of a trial, as it was printed.

    Raises:
        UserError: there is none, the file is missing, damaged, or does not match its checksum.
    """
    if trial.raw is None:
        raise UserError(f"{trial.id}: has no raw output.")
    return outputs.unpack(packed_raw(folder, trial.id, trial.raw), folder / trial.raw["path"], RAW_MAX_BYTES)


def packed_raw(folder: Path, trial_id: str, raw: Raw) -> bytes:
    """A raw output as it is stored.

    Raises:
        UserError: the file is missing, or does not match its checksum.
    """
    path = folder / raw["path"]
    try:
        packed = yamlfile.read_regular(path, RAW_MAX_BYTES)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None
    if hashlib.sha256(packed).hexdigest() != raw["sha256"]:
        raise UserError(f"{path}: its SHA-256 is not the one that {trial_id} names.", "Restore the file as it was.")
    return packed


def _read(path: Path, wanted: type[T], kind: str) -> T:
    text = yamlfile.text_of(path)
    plain = yamlfile.parse(text, str(path))
    try:
        return _from_plain(wanted, migrate.migrate(plain, kind))
    except Misfit as misfit:
        raise UserError(located(path, text, misfit)) from None


def located(path: Path, text: str, misfit: Misfit) -> str:
    """The sentence about a misfit with file and line."""
    return f"{path}:{yamlfile.line_of(text, misfit.key)}: {_sentence(misfit)}."


def _sentence(misfit: Misfit) -> str:
    value = "" if misfit.value is None else f" is {shown(misfit.value)}, which"
    return f"{spelled(misfit.key)}{value} {misfit.what}"


__all__ = [
    "Key", "Stored", "atomic_write", "campaign_dir", "campaign_folders", "from_plain", "located", "mode_files",
    "mode_path", "packed_raw", "read_campaign", "read_mode", "read_raw", "text_of", "write_campaign", "write_mode",
    "write_object", "write_raw",
]
