"""The numbers of a trial: that they follow from each other, from the tool's own output, and from what is possible."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from experiments.errors import PodpathError
from experiments.results import fields, outputs, store
from experiments.results.checks import privacy
from experiments.results.checks.report import File
from experiments.results.model import Campaign, Deployment, ModeResult, Trial
from experiments.results.plain import Key, shown

# Re-reads a tool's own output: view -> function(text) -> fields of the trial that follow from it.
Reread = Mapping[str, Callable[[str], Mapping[str, Any]]]
Ceiling = Callable[[str | None, Trial], float | None]  # mode (None: baseline), trial -> bit/s

CEILING_TOLERANCE = 1.02  # a shaper's burst, and bytes that sockets hold when a test ends
OFFERED_TOLERANCE = 1.05  # iperf3 paces by timer ticks; a short run can end ahead of its rate
INTERVALS_TOLERANCE = 0.02  # the last, short interval is not among them
BUFFERS_BYTES = 16_000_000  # what the sockets of one stream hold; the receiver may get some of it late
FRAME_EXTRA_BYTES = 24  # preamble, start of frame, check sequence, gap: what no counter sees (IEEE 802.3)
ETHERNET_BPS = 1e9  # of which the wire view's ratio is shown
CPU_EXTRA_S = 5.0  # starting and ending the tool counts to the CPU time, not to the trial's duration
DIGITS = 6


def check(
    file: File[ModeResult], value: ModeResult, campaign: Campaign, folder: Path, ceiling: Ceiling, reread: Reread
) -> None:
    """Arithmetic, physics and raw outputs of all trials of a mode."""
    cores = campaign.host.get("cores")
    for d, deployment in enumerate(value.deployments):
        _drift(file, ("deployments", d), deployment)
        for t, trial in enumerate(deployment.trials):
            key: Key = ("deployments", d, "trials", t)
            limit = ceiling(value.mode if trial.path == "pod-pod" else None, trial)
            for name, text in (*_arithmetic(trial), *_physics(trial, limit, cores)):
                file.error((*key, name), text)
            if trial.raw is not None:
                _raw(file, (*key, "raw"), folder, trial, reread)


def _drift(file: File[ModeResult], key: Key, deployment: Deployment) -> None:
    """How far the two baselines of the speed view lie apart."""
    ends = [t.goodput_bps for t in deployment.trials
            if t.view == "speed" and t.path == "host-host" and t.status == "ok" and t.goodput_bps]
    drift = round(abs(ends[0] - ends[1]) / (sum(ends) / 2), DIGITS) if len(ends) == 2 else None
    if deployment.status == "ok" and drift != deployment.drift_ratio:
        said = "there are no two baselines to take it from" if drift is None else f"the two baselines give {drift}"
        file.error((*key, "drift_ratio"), said)


def _arithmetic(trial: Trial) -> Iterator[tuple[str, str]]:
    """What does not follow from the trial's other fields: key and sentence."""
    if trial.payload_bytes and trial.underlay_tx_bytes and trial.underlay_tx_packets:
        wire = trial.underlay_tx_bytes + FRAME_EXTRA_BYTES * trial.underlay_tx_packets
        ratio = trial.payload_bytes / wire
        if trial.wire_efficiency_ratio is not None and trial.wire_efficiency_ratio != round(ratio, DIGITS):
            yield "wire_efficiency_ratio", f"the counters give {ratio:.{DIGITS}f}"
        if trial.wire_goodput_bps is not None and abs(trial.wire_goodput_bps - ratio * ETHERNET_BPS) > 1:
            yield "wire_goodput_bps", f"the counters give {ratio * ETHERNET_BPS:.0f}"
        if trial.mss_bytes and trial.underlay_tx_packets * trial.mss_bytes < trial.payload_bytes:
            yield "underlay_tx_packets", f"so few frames cannot carry {trial.payload_bytes} bytes"
    elif trial.view == "wire" and trial.status in ("ok", "discarded"):
        yield "payload_bytes", "or one of the counters beside it is missing; the wire view is made of them"
    if trial.intervals_bps and trial.sent_bps:
        mean = sum(trial.intervals_bps) / len(trial.intervals_bps)
        if abs(mean / trial.sent_bps - 1) > INTERVALS_TOLERANCE:
            yield "intervals_bps", f"their mean is {mean:.0f}, sent_bps is {trial.sent_bps:.0f}; allowed: 2 % apart"
    ordered = ("p50_us", "p90_us", "p99_us", "p999_us", "max_us")
    known = [(name, value) for name in ordered if (value := getattr(trial, name)) is not None]
    for (lower, low), (upper, high) in pairwise(known):
        if low > high:
            yield upper, f"is below {lower} ({low:g})"
    if trial.core_s_per_gbit is not None and trial.cpu_core_s is not None and trial.goodput_bps and trial.duration_s:
        gigabits = trial.goodput_bps * trial.duration_s / 1e9
        found = trial.cpu_core_s / gigabits
        if abs(found - trial.core_s_per_gbit) > 1e-4 + 1e-4 / gigabits + 0.002 * found:
            yield "core_s_per_gbit", f"cpu_core_s over the payload gives {found:.4f}"


def _physics(trial: Trial, limit: float | None, cores: object) -> Iterator[tuple[str, str]]:
    """What no machine and no wire can do: key and sentence."""
    name = "wire_goodput_bps" if trial.view == "wire" else "goodput_bps"
    value: float | None = getattr(trial, name)
    if limit is not None and value is not None:
        most = limit * CEILING_TOLERANCE
        if trial.duration_s:  # what stood in the shaper's queue and the sockets when the omitted second ended comes on top
            most += BUFFERS_BYTES * 8 / trial.duration_s
        if value > most:
            yield name, f"the headers leave {limit:.0f} of this link; allowed: at most {most:.0f}"
    if trial.goodput_bps and trial.sent_bps and trial.duration_s:
        more_bytes = (trial.goodput_bps - trial.sent_bps) * trial.duration_s / 8
        if trial.goodput_bps > trial.sent_bps * CEILING_TOLERANCE and more_bytes > BUFFERS_BYTES * (trial.streams or 1):
            yield "goodput_bps", f"is more than was sent ({trial.sent_bps:.0f})"
    if trial.view == "cost" and trial.offered_bps and trial.goodput_bps:
        most = trial.offered_bps * OFFERED_TOLERANCE
        if trial.goodput_bps > most:
            yield "goodput_bps", f"{trial.offered_bps} were offered; allowed: at most {most:.0f}"
    if trial.cpu_core_s is not None and trial.duration_s is not None and isinstance(cores, int):
        most = cores * (trial.duration_s + CPU_EXTRA_S)
        if trial.cpu_core_s > most:
            yield "cpu_core_s", f"{cores} cores have less time; allowed: at most {most:.1f}"
    if trial.limited_by == "link" and trial.link_rate_bps is None:
        yield "limited_by", "there is no link_rate_bps that could be the limit"


def _raw(file: File[ModeResult], key: Key, folder: Path, trial: Trial, reread: Reread) -> None:
    """The tool's own output: there, unchanged, private, and giving the trial's figures."""
    assert trial.raw is not None
    path = folder / trial.raw["path"]
    try:
        packed = path.read_bytes()
    except OSError as error:
        file.error((*key, "path"), f"cannot be read: {error.strerror}")
        return
    found = hashlib.sha256(packed).hexdigest()
    if found != trial.raw["sha256"]:
        file.error((*key, "sha256"), f"{path.name} has the SHA-256 {found}; restore the file as it was")
        return
    try:
        text = outputs.unpack(packed, path, store.RAW_MAX_BYTES)
        has_figures = trial.status in ("ok", "discarded") and trial.view in reread
        again = reread[trial.view](text) if has_figures else {}
    except PodpathError as error:
        file.error((*key, "path"), f"gives no figures: {error.problem.rstrip('.')}")
        return
    privacy.check_raw(file, (*key, "path"), text)
    for name, value in again.items():
        field = fields.get("Trial", name)
        wanted = [fields.rounded(field, v) for v in value] if isinstance(value, list | tuple) else value
        wanted = fields.rounded(field, wanted) if isinstance(wanted, float) else wanted
        written = getattr(trial, name)
        if (list(written) if isinstance(written, tuple) else written) != wanted and wanted is not None:
            file.error((*key[:-1], name), f"the tool's own output says {shown(wanted)}")
