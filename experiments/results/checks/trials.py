"""The numbers of a trial: that they follow from each other, from the tool's own output, and from what is possible."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.errors import PodpathError
from experiments.probes import noise, runs, slices, watched
from experiments.results import fields, outputs, rules, store, yamlfile
from experiments.results.checks import alike, counters, origin, privacy
from experiments.results.checks import slices as checks_of_slices
from experiments.results.checks.origin import Place
from experiments.results.checks.report import File
from experiments.results.model import Campaign, Deployment, ModeResult, Trial
from experiments.results.plain import Key, shown

# Of a campaign. That of all modes on both kernels has 10 MB; ten times as much would take more than ten seconds.
MOST_UNPACKED_BYTES = 32 * 1024 * 1024

TOOL = "tool"  # beside the fields of a trial: the tool and its version, by its own word
# Re-reads a tool's own output: view -> function(text) -> fields of the trial that follow from it, and the tool.
Reread = Mapping[str, Callable[[str], Mapping[str, Any]]]
# What only slices, runs in turn and counters of a device give. By hand, beside another tool's output, it would be invented.
ONLY_FROM_RAW = ("pairs", "pair_ratio", "pair_ratio_low", "pair_ratio_high", "pair_coverage_ratio", "core_goodput_bps",
                 "core_us_per_packet", "daemon_share_ratio", "device_rx_bytes", "device_rx_packets", "device_s")
# What the rules look at of a trial in slices besides these.
OF_SLICES = ("goodput_bps", "duration_s", "retransmits", "mss_bytes", "samples", "p50_us", "p90_us", "p99_us", "p999_us",
             "max_us", "core_s_per_gbit", "context_switches_per_packet", "sent_bps", "intervals_bps", "cpu_core_s",
             "softirq_core_s", "steal_core_s", "daemon_core_s", "floor_p50_us", "offered_bps", "link_rate_bps")


def check(
    file: File[ModeResult], value: ModeResult, campaign: Campaign, folder: Path, known: Collection[str], reread: Reread,
    seen: alike.Seen | None = None,
) -> None:
    """The rules (:mod:`experiments.results.rules`) and the raw outputs of all trials of a mode that is ``known``.

    ``seen`` has the slices of the campaign's other modes; None: there are none.
    """
    cores = campaign.host.get("cores")
    seen = alike.Seen() if seen is None else seen
    for d, deployment in enumerate(value.deployments):
        _drift(file, ("deployments", d), deployment)
        kept: dict[int, slices.Paired] = {}
        for t, trial in enumerate(deployment.trials):
            key: Key = ("deployments", d, "trials", t)
            for name in trial.noise:
                if name not in noise.KEYS:
                    file.error((*key, "noise", name), f"is not noted of a machine; allowed: {', '.join(noise.KEYS)}")
            for name, text in rules.broken(trial, value.mode, cores) if value.mode in known else ():
                file.error((*key, name), text)
            if trial.raw is not None:
                text = _raw(file, (*key, "raw"), folder, trial, reread, Place(campaign, value, deployment))
                if slices.is_ours(text):
                    kept[t], _ = slices.parse(text)
        _slices(file, d, value, kept, seen)
        for t, name, text in rules.beside_baseline(deployment.trials):
            file.error(("deployments", d, "trials", t, name), text)


def _drift(file: File[ModeResult], key: Key, deployment: Deployment) -> None:
    """How far the two baselines of the speed view lie apart."""
    drift = rules.drift(deployment.trials)
    if deployment.status == "ok" and drift != deployment.drift_ratio:
        said = "there are no two baselines to take it from" if drift is None else f"the two baselines give {drift}"
        file.error((*key, "drift_ratio"), said)


def _slices(file: File[ModeResult], d: int, value: ModeResult, kept: Mapping[int, slices.Paired], seen: alike.Seen) -> None:
    """The slices of a deployment: the mode's trial and its baseline's have the same pairs, and nobody else has."""
    deployment = value.deployments[d]
    first: dict[tuple[object, ...], tuple[Trial, slices.Paired]] = {}
    for t, found in kept.items():
        trial = deployment.trials[t]
        key: Key = ("deployments", d, "trials", t, "raw", "path")
        question = alike.same_question(trial)
        other, its = first.setdefault(question, (trial, found))
        if replace(its, times_ns=found.times_ns) != found:
            file.error(key, f"has other pairs than {other.id}; a mode and its baseline are measured in the same pairs, and "
                            "both keep all of them")
        name = f"{value.variant.name} {deployment.n}"
        for said in seen.copied(f"{name} {question}", f"{name}, {trial.id}", found):
            file.error(key, said)


def _raw(file: File[ModeResult], key: Key, folder: Path, trial: Trial, reread: Reread, place: Place) -> str:
    """The tool's own output: there, unchanged, private, and giving the trial's figures. Returned if it gives some."""
    assert trial.raw is not None
    path = folder / trial.raw["path"]
    if file.report.unpacked_bytes > MOST_UNPACKED_BYTES:
        file.error((*key, "path"), f"the raw outputs before this one unpack to more than {MOST_UNPACKED_BYTES} bytes together")
        return ""
    try:
        packed = yamlfile.read_regular(path, store.RAW_MAX_BYTES)
    except OSError as error:
        file.error((*key, "path"), f"cannot be read: {error.strerror}")
        return ""
    found = hashlib.sha256(packed).hexdigest()
    if found != trial.raw["sha256"]:
        file.error((*key, "sha256"), f"{path.name} has the SHA-256 {found}; restore the file as it was")
        return ""
    try:
        text = outputs.unpack(packed, path, store.RAW_MAX_BYTES)
        file.report.unpacked_bytes += len(text)
        has_figures = trial.status in ("ok", "discarded") and trial.view in reread
        again = reread[trial.view](text) if has_figures else {}
    except PodpathError as error:
        file.error((*key, "path"), f"gives no figures: {error.problem.rstrip('.')}")
        return ""
    privacy.check_raw(file, (*key, "path"), text)
    if has_figures:
        try:
            _belongs(file, (*key, "path"), place, trial, text, again)
        except PodpathError as error:
            file.error((*key, "path"), f"is of another kind than it says: {error.problem.rstrip('.')}")
            return ""
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
    if has_figures:
        for name in (*ONLY_FROM_RAW, *(OF_SLICES if slices.is_ours(text) else ())):
            if getattr(trial, name) is not None and again.get(name) is None:
                file.error((*key[:-1], name), "the tool's own output gives none; leave it out")
    return text if has_figures else ""


def _belongs(file: File[ModeResult], key: Key, place: Place, trial: Trial, text: str, again: Mapping[str, Any]) -> None:
    """iperf3 tells of its own beginning, and slices of what they were asked; sockperf tells nothing but its figures."""
    if slices.is_ours(text):
        for said in checks_of_slices.contradictions(place, trial, text):
            file.error(key, f"is not what was measured: {said}")
    tool = str(again.get(TOOL, ""))
    for said in counters.contradictions(place, trial, text, tool):
        file.error(key, f"is not what was measured: {said}")
    if tool.startswith(("iperf3", watched.TOOL, runs.TOOL)):
        for of_run, one in counters.parts(trial, text):
            for said in origin.contradictions(place, of_run, one, in_turn=runs.is_ours(text)):
                file.error(key, f"is the output of another trial: it {said}")
