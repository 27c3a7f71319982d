"""Result files that are named by day and host: those of data/growth and data/failures."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from experiments.errors import UserError
from experiments.field import CAMPAIGN
from experiments.results import migrate, store, times, yamlfile
from experiments.results.checks import clock, machine, privacy
from experiments.results.checks.report import File, Report
from experiments.results.failure_model import Failures
from experiments.results.growth_model import Growth
from experiments.results.plain import Misfit, from_plain
from experiments.results.times import now

T = TypeVar("T", Growth, Failures)

MOST_NAMES = 1000
DAY = len("2026-11-26-")  # with which a name begins


def read(path: Path, kind: str, wanted: type[T]) -> T:
    """One file.

    Raises:
        UserError: it is missing, broken, newer, or does not fit the format; names file, line and key.
    """
    text = yamlfile.text_of(path)
    plain = yamlfile.parse(text, str(path))
    try:
        return from_plain(wanted, migrate.migrate(plain, kind))
    except Misfit as misfit:
        raise UserError(store.located(path, text, misfit)) from None


def load_all(folder: Path, kind: str, wanted: type[T], check: Callable[[Report, Path], None]) -> list[T]:
    """All files of a folder in the order of their names, each checked; none if there is no such folder.

    Raises:
        UserError: a file is broken, or ``check`` refuses it; names file, line and key.
    """
    found = []
    for path in sorted(folder.glob("[!.]*.yml")):
        report = Report(own_name=False)  # the same files make the same pages everywhere
        check(report, path)
        if report.errors:
            raise UserError(str(report.errors[0]), "`invoke validate` says all of it.")
        found.append(read(path, kind, wanted))
    return found


def write(path: Path, value: Growth | Failures) -> Path:
    """Write a file; the path.

    Raises:
        UserError: a value does not fit the format, or the folder cannot be made.
        ExperimentFailed: the disk is full or refuses.
    """
    make_folder(path.parent)
    store.write_object(path, "growth" if isinstance(value, Growth) else "failures", value)
    return path


def make_folder(folder: Path) -> None:
    """Make a folder for such files, where it is not there.

    Raises:
        UserError: it cannot be made, or not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made: {error.strerror}.", "Choose another --out.") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"{folder}: cannot be written.", "Choose another --out.")


def opened(report: Report, path: Path, kind: str, wanted: type[T]) -> tuple[File[T], T | None]:
    """A file under inspection, and what it holds where that fits the format; its name and what is private are checked."""
    file = File(report, path, kind, wanted)
    privacy.check(file)
    value = file.value
    if value is not None:
        privacy.facts(file, value)
        machine.check(file, value.host, value.software)
        if value.id != path.stem:
            file.error(("id",), f"the file is {path.name}; they must be equal")
        slug = value.host.get("slug")
        if not isinstance(slug, str) or not re.fullmatch(rf"{re.escape(slug)}(-[0-9]{{1,3}})?", value.id[DAY:]):
            file.error(("host", "slug"), f"the file is {value.id}; after the day stands the machine's name")
    return file, value


def check_span(file: File[T], value: T, least_s: float, what: str) -> None:
    """Whether a file's two times are true, and leave room for what it holds.

    ``least_s`` is how long ``what`` took at least (s).
    """
    if value.finished_at is None:
        file.error(("finished_at",), "is missing; Podpath writes it with each that ended")
        return
    found = [times.seconds(text) for text in (value.started_at, value.finished_at)]
    for name, seconds in zip(("started_at", "finished_at"), found, strict=True):
        if seconds is None:
            file.error((name,), "is a time that the calendar does not have")
        elif getattr(value, name) < clock.FIRST:
            file.error((name,), f"is before there was a Podpath; allowed: from {clock.FIRST}")
    if found[0] is not None and found[1] is not None and least_s > found[1] - found[0] + clock.ROUNDED_S:
        file.error(("finished_at",), f"is {found[1] - found[0]:g} s after started_at; {what} took {least_s:.1f} s")


def free_path(folder: Path, host: str) -> Path:
    """A file ``<date>-<host>.yml`` that is not there yet, else ``-2``, ``-3`` ….

    Raises:
        UserError: there are too many, or the host's name cannot be a file's.
    """
    name = f"{now()[:10]}-{host}"
    if not re.fullmatch(CAMPAIGN, name):
        raise UserError(f"'{host}' cannot be a part of a file's name.", "Choose a --host of small letters, digits and hyphens.")
    for number in range(1, MOST_NAMES):
        path = folder / f"{name}{'' if number == 1 else f'-{number}'}.yml"
        if not path.exists():
            return path
    raise UserError(f"{folder}: there are {MOST_NAMES} files of this day and host.", "Move some away.")
