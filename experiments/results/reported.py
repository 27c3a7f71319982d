"""What others published: read, and checked against the limit model. Never pooled with what was measured here."""

from __future__ import annotations

from pathlib import Path

from experiments.catalog import limits
from experiments.errors import UserError
from experiments.paths import DATA
from experiments.results import migrate, store, yamlfile
from experiments.results.checks.report import File, Report
from experiments.results.plain import Misfit, from_plain
from experiments.results.reported_model import Figure, Reported

FOLDER = DATA / "reported"


def read(path: Path) -> Reported:
    """One publication.

    Raises:
        UserError: the file is missing, broken, newer, or does not fit the format; names file, line and key.
    """
    text = yamlfile.text_of(path)
    plain = yamlfile.parse(text, str(path))
    try:
        return from_plain(Reported, migrate.migrate(plain, "reported"))
    except Misfit as misfit:
        raise UserError(store.located(path, text, misfit)) from None


def load_all(folder: Path = FOLDER) -> list[Reported]:
    """All publications in the order of their dates; none if there is no such folder.

    Raises:
        UserError: as :func:`read`.
    """
    found = [read(path) for path in sorted(folder.glob("[!.]*.yml"))]
    return sorted(found, key=lambda reported: (reported.source.date, reported.id))


def get(identity: str, folder: Path = FOLDER) -> Reported:
    """The publication of that id.

    Raises:
        UserError: there is none; or as :func:`read`.
    """
    known = {reported.id: reported for reported in load_all(folder)}
    if identity not in known:
        raise UserError(f"Nothing is reported under '{identity}'.", f"There are: {', '.join(known)}.")
    return known[identity]


def check(report: Report, path: Path) -> None:
    """Check one file of data/reported: format, names, and that no reading contradicts the limit model."""
    file = File(report, path, "reported", Reported)
    value = file.value
    if value is None:
        return
    if value.id != path.stem:
        file.error(("id",), f"the file is {path.name}; they must be equal")
    if not value.figures:
        file.error(("figures",), "is empty; a publication without figures tells nothing here")
    if value.readings and not value.inference:
        file.error(("inference",), "is missing; readings are ours, and the file has to say so")
    figures: dict[str, Figure] = {}
    for i, figure in enumerate(value.figures):
        if figure.id in figures:
            file.error(("figures", i, "id"), "stands here twice")
        figures[figure.id] = figure
    known = {line.name: line for line in limits.HISTORY}
    for r, reading in enumerate(value.readings):
        for position, name in enumerate(reading.of):
            if name not in figures:
                file.error(("readings", r, "of", position), f"is no figure here; allowed: {', '.join(figures)}")
        if reading.line is None:
            continue
        if reading.line not in known:
            file.error(("readings", r, "line"), f"is no line of the limit model; allowed: {'; '.join(known)}")
            continue
        limit_bps = known[reading.line].goodput_bps(value.link_rate_bps or limits.GIGABIT_BPS)
        above = any(figures[name].goodput_bps > limit_bps for name in reading.of if name in figures)
        if above and reading.certainty != "excluded":
            file.error(("readings", r, "certainty"), f"the figure lies above the line ({limit_bps:.0f}); allowed: excluded")
