"""The numbers of a trial: that they follow from each other, from the tool's own output, and from what is possible."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from experiments.errors import PodpathError
from experiments.probes import watched
from experiments.results import fields, outputs, rules, store, yamlfile
from experiments.results.checks import origin, privacy
from experiments.results.checks.origin import Place
from experiments.results.checks.report import File
from experiments.results.model import Campaign, Deployment, ModeResult, Trial
from experiments.results.plain import Key, shown

# Of a campaign. That of all modes on both kernels has 10 MB; ten times as much would take more than ten seconds.
MOST_UNPACKED_BYTES = 32 * 1024 * 1024

TOOL = "tool"  # beside the fields of a trial: the tool and its version, by its own word
# Re-reads a tool's own output: view -> function(text) -> fields of the trial that follow from it, and the tool.
Reread = Mapping[str, Callable[[str], Mapping[str, Any]]]


def check(
    file: File[ModeResult], value: ModeResult, campaign: Campaign, folder: Path, known: Collection[str], reread: Reread
) -> None:
    """The rules (:mod:`experiments.results.rules`) and the raw outputs of all trials of a mode that is ``known``."""
    cores = campaign.host.get("cores")
    for d, deployment in enumerate(value.deployments):
        _drift(file, ("deployments", d), deployment)
        for t, trial in enumerate(deployment.trials):
            key: Key = ("deployments", d, "trials", t)
            for name, text in rules.broken(trial, value.mode, cores) if value.mode in known else ():
                file.error((*key, name), text)
            if trial.raw is not None:
                _raw(file, (*key, "raw"), folder, trial, reread, Place(campaign, value, deployment))
        for t, name, text in rules.beside_baseline(deployment.trials):
            file.error(("deployments", d, "trials", t, name), text)


def _drift(file: File[ModeResult], key: Key, deployment: Deployment) -> None:
    """How far the two baselines of the speed view lie apart."""
    drift = rules.drift(deployment.trials)
    if deployment.status == "ok" and drift != deployment.drift_ratio:
        said = "there are no two baselines to take it from" if drift is None else f"the two baselines give {drift}"
        file.error((*key, "drift_ratio"), said)


def _raw(file: File[ModeResult], key: Key, folder: Path, trial: Trial, reread: Reread, place: Place) -> None:
    """The tool's own output: there, unchanged, private, and giving the trial's figures."""
    assert trial.raw is not None
    path = folder / trial.raw["path"]
    if file.report.unpacked_bytes > MOST_UNPACKED_BYTES:
        file.error((*key, "path"), f"the raw outputs before this one unpack to more than {MOST_UNPACKED_BYTES} bytes together")
        return
    try:
        packed = yamlfile.read_regular(path, store.RAW_MAX_BYTES)
    except OSError as error:
        file.error((*key, "path"), f"cannot be read: {error.strerror}")
        return
    found = hashlib.sha256(packed).hexdigest()
    if found != trial.raw["sha256"]:
        file.error((*key, "sha256"), f"{path.name} has the SHA-256 {found}; restore the file as it was")
        return
    try:
        text = outputs.unpack(packed, path, store.RAW_MAX_BYTES)
        file.report.unpacked_bytes += len(text)
        has_figures = trial.status in ("ok", "discarded") and trial.view in reread
        again = reread[trial.view](text) if has_figures else {}
    except PodpathError as error:
        file.error((*key, "path"), f"gives no figures: {error.problem.rstrip('.')}")
        return
    privacy.check_raw(file, (*key, "path"), text)
    if has_figures:
        _belongs(file, (*key, "path"), place, trial, text, again)
    for name, value in again.items():
        if name == TOOL:
            if value != trial.raw["tool"]:
                file.error((*key, "tool"), f"the tool's own output says {shown(value)}")
            continue
        field = fields.get("Trial", name)
        wanted = [fields.rounded(field, v) for v in value] if isinstance(value, list | tuple) else value
        wanted = fields.rounded(field, wanted) if isinstance(wanted, float) else wanted
        written = getattr(trial, name)
        if (list(written) if isinstance(written, tuple) else written) != wanted and wanted is not None:
            file.error((*key[:-1], name), f"the tool's own output says {shown(wanted)}")


def _belongs(file: File[ModeResult], key: Key, place: Place, trial: Trial, text: str, again: Mapping[str, Any]) -> None:
    """iperf3 tells of its own beginning; sockperf and slices tell nothing but their figures."""
    if watched.is_ours(text):
        text = watched.iperf3_inside(text)
    if str(again.get(TOOL, "")).startswith(("iperf3", watched.TOOL)):
        for said in origin.contradictions(place, trial, text):
            file.error(key, f"is the output of another trial: it {said}")
