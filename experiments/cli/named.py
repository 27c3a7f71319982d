"""What several commands share: modes by their names, and one file of a day and host to be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from experiments import catalog
from experiments.cli.progress import say
from experiments.errors import UserError, echoed
from experiments.paths import ROOT

if TYPE_CHECKING:  # only what is kept needs it, and most commands keep nothing
    from experiments.results.checks.report import Report

ALL = "all"
FORMATS = ("table", "json")


def modes(text: str, every: Iterable[str], *, default: str = "") -> list[str]:
    """The modes of a text with blanks or commas between them, once each; ``all`` stands for ``every``.

    Raises:
        UserError: one does not exist, or none is named and there is no ``default``.
    """
    asked = dict.fromkeys((text or default).replace(",", " ").split())
    if not asked:
        raise UserError("No mode is named.", f"For example calico-bgp, or {ALL}.")
    named = [catalog.get(name).name for name in asked if name != ALL]  # a wrong one is said, whatever stands beside it
    return list(every) if ALL in asked else named


def check_format(text: str) -> None:
    """Whether an answer can have this form.

    Raises:
        UserError: it cannot.
    """
    if text not in FORMATS:
        raise UserError(f"Unknown format '{echoed(text)}'.", f"Formats: {', '.join(FORMATS)}.")


def kept_at(folder: Path, host: str, *, store: bool, out: str) -> Path | None:
    """The file that is to be kept: in ``folder``, or in ``out``, which is made; None where nothing is.

    Raises:
        UserError: as :func:`experiments.results.dated.free_path`, or the folder cannot be written.
    """
    if not store and not out:
        return None
    from experiments.results import dated

    path = dated.free_path(Path(out) if out else folder, host)
    dated.make_folder(path.parent)  # now: what was measured for minutes is not to be lost for it
    return path


def say_whether_valid(path: Path, check: Callable[[Report, Path], None], *, beside: bool) -> None:
    """Check the file that was kept, and say what was found; ``beside`` the output, where that is for another program."""
    from experiments.results.checks.report import Report

    report = Report()
    check(report, path)
    for error in report.errors:
        say(str(error), beside=beside)
    say(f"{path}: {report.counted}.", beside=beside)


def say_not_kept(folder: Path) -> None:
    """That what was shown is gone with the screen, and how it is kept."""
    say(f"Nothing of it is kept: with --store it goes to {folder.relative_to(ROOT)}.")
