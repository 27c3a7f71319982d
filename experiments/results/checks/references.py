"""Names that must agree: folders, files, the plan, the catalogue, identities."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from experiments.results import store, times
from experiments.results.checks.folder import Modes
from experiments.results.checks.report import File
from experiments.results.model import Campaign, ModeResult
from experiments.results.plain import Key
from experiments.variant import Variant

AHEAD = timedelta(days=1)  # clocks differ, and so do time zones of people who set them by hand


def campaign(file: File[Campaign], value: Campaign, folder: Path, known: Collection[str]) -> None:
    """The campaign's own names, times and plan."""
    if value.id != folder.name:
        file.error(("id",), f"the folder is '{folder.name}'; they must be equal")
    latest = times.now(AHEAD)
    for name in ("started_at", "finished_at"):
        when = getattr(value, name)
        if when is not None and (not times.is_time(when) or when > latest):
            file.error((name,), "is not a time that has been; allowed: until now")
    if value.finished_at and value.finished_at < value.started_at:
        file.error(("finished_at",), f"is before started_at ({value.started_at})")
    if value.status == "complete":
        if value.finished_at is None:
            file.error(("finished_at",), "is missing; a complete campaign has it")
        for i, cell in enumerate(value.plan):
            if cell.state == "planned":
                file.error(("plan", i, "state"), "a complete campaign has no cell that is still to be measured")
    seen: set[tuple[int, Variant]] = set()
    for i, cell in enumerate(value.plan):
        identity = (cell.n, cell.variant)
        if identity in seen:
            file.error(("plan", i), "stands here twice")
        seen.add(identity)
        if cell.mode not in known:
            file.error(("plan", i, "mode"), f"is not in the catalogue; allowed: {', '.join(known)}")
        if cell.n > value.protocol["deployments"]:
            file.error(("plan", i, "n"), f"the protocol has {value.protocol['deployments']} deployments")


def mode(file: File[ModeResult], value: ModeResult, parent: Campaign, folder: Path, known: Collection[str]) -> None:
    """A mode's names, and that its deployments and trials have one name each."""
    if value.mode not in known:
        file.error(("mode",), f"is not in the catalogue; allowed: {', '.join(known)}")
    named = store.mode_path(folder, value).name
    if file.path.name != named:
        file.error(("mode",), f"mode, lab, kernel and daemon call for the name {named}, the file is {file.path.name}")
    if value.campaign != parent.id:
        file.error(("campaign",), f"the campaign is '{parent.id}'; they must be equal")
    numbers: set[int] = set()
    names: set[str] = set()
    for d, deployment in enumerate(value.deployments):
        if deployment.n in numbers:
            file.error(("deployments", d, "n"), "stands here twice")
        numbers.add(deployment.n)
        times: list[tuple[Key, str | None]] = [(("deployments", d, "started_at"), deployment.started_at)]
        times += [(("deployments", d, "trials", t, "started_at"), trial.started_at)
                  for t, trial in enumerate(deployment.trials)]
        for key, when in times:
            if when is not None and (when < parent.started_at or when > (parent.finished_at or when)):
                file.error(key, f"is outside of the campaign ({parent.started_at} to {parent.finished_at or 'now'})")
        for t, trial in enumerate(deployment.trials):
            if trial.id in names:
                file.error(("deployments", d, "trials", t, "id"), "stands here twice")
            names.add(trial.id)


def plan(file: File[Campaign], value: Campaign, modes: Modes) -> None:
    """Every cell that was measured has its deployment, every deployment its cell."""
    found = {(d.n, result.variant): d.status for _, result in modes for d in result.deployments}
    cells = {(c.n, c.variant): (i, c.state) for i, c in enumerate(value.plan)}
    for identity, (i, state) in cells.items():
        status = found.get(identity)
        wanted = "ok" if state == "done" else state
        if state != "planned" and status != wanted:
            there = f"its status there is {status}" if status else "there is none"
            file.error(("plan", i, "state"), f"calls for deployment {identity[0]} in the mode's file; {there}")
        if state == "planned" and status is not None:
            file.warn(("plan", i, "state"), "there is a deployment already: the campaign was interrupted here")
    for result_file, result in modes:
        for d, deployment in enumerate(result.deployments):
            if (deployment.n, result.variant) not in cells:
                result_file.error(("deployments", d, "n"), "is not in the campaign's plan")
