"""An aggregate as a page speaks of it: what it answers, what limits it, which of its trials stands for it."""

from __future__ import annotations

from experiments.catalog import Mode, limits
from experiments.results import words
from experiments.results.model import ModeResult, Trial
from experiments.results.summary import ONLY_OF_SLICES, Aggregate, key_of


def first_trial(result: ModeResult, aggregate: Aggregate) -> tuple[str, Trial | None]:
    """The first trial of an aggregate and its place in the file."""
    for d, deployment in enumerate(result.deployments):
        for t, trial in enumerate(deployment.trials):
            if deployment.status == "ok" and trial.status == "ok" and key_of(trial) == aggregate.key:
                return f"deployments[{d}].trials[{t}]", trial
    return "", None


def what(aggregate: Aggregate) -> str:
    """What an aggregate answers, in words."""
    if aggregate.view == "latency":
        if aggregate.burst_bytes:
            return "round trip, behind a burst"
        return "round trip, beside a stream at half of the goodput" if aggregate.load_ratio else "round trip, idle"
    if aggregate.view == "setup":
        return "connect, request, response, close"
    if aggregate.view == "packets":
        return f"datagrams of {aggregate.datagram_bytes} bytes"
    if aggregate.view == "cost":
        if ONLY_OF_SLICES["cost"] not in aggregate.values:
            return "CPU time at a fixed load"
        return "CPU time of packets as on a wire" + (", small segments" if aggregate.mss == "small" else "")
    streams = words.counted(aggregate.streams or 1, "stream")
    segments = "" if aggregate.mss in (None, "native") else f", {aggregate.mss} segments"
    return f"{streams}{segments}{', per second of one core' if aggregate.shown == ONLY_OF_SLICES['speed'] else ''}"


def limit(mode: Mode | None, aggregate: Aggregate, trial: Trial | None) -> float | None:
    """What the headers leave of the wire, or of the emulated link (bit/s); None where nothing sets a limit."""
    if aggregate.view == "wire":
        return limits.goodput_limit_bps(mode)
    if aggregate.view == "link" and trial is not None and trial.link_rate_bps:
        return limits.goodput_limit_bps(mode, trial.link_rate_bps)
    return None
