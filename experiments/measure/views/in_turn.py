"""Speed, cost, latency, set-up and packets in slices: mode and baseline in turn, by one process that holds both ends.

A pair is a slice of each. There are as many pairs as the interval of their ratio needs: at least the protocol's least, then
more until it is narrow enough, never more than its most. Nothing else ends it, least of all what comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from experiments.measure.attestation import set_segmentation
from experiments.measure.protocol import (
    DATAGRAM_WINDOW,
    MESSAGE_BYTES,
    MSS_BYTES,
    OMIT_CORE_S,
    PAIRS_A_BATCH,
    STREAM_WINDOW_BYTES,
    WIDE_ENOUGH,
)
from experiments.measure.views.bench import Bench
from experiments.measure.views.plan import Ask
from experiments.probes import slices
from experiments.probes.errors import ProbeError
from experiments.probes.slices import Asked, Kind, Pair
from experiments.results import pairs
from experiments.results.model import Trial

KINDS: dict[str, Kind] = {"speed": "stream", "cost": "stream", "latency": "request", "setup": "setup",
                          "packets": "datagram"}


def measure(bench: Bench, both: tuple[Trial, Trial], ask: Ask) -> tuple[Trial, Trial]:
    """The baseline's trial and the mode's.

    The cost view has segmentation off: in packets as they are on a wire. A virtual link would carry 64 KiB at a time from
    one node to the other, and the work that a mode does for each packet would be counted once for 40 of them.

    Raises:
        ProbeError: the slices could not be made.
    """
    kind = KINDS[ask.view]
    asked = Asked(kind, bench.protocol.slice_core_s, OMIT_CORE_S, ask.streams, MSS_BYTES[ask.mss] or 0,
                  MESSAGE_BYTES if kind in ("request", "setup") else 0, ask.burst_bytes, ask.datagram_bytes,
                  *((DATAGRAM_WINDOW, 0) if kind == "datagram" else (0, STREAM_WINDOW_BYTES)))
    if ask.view == "cost":
        set_segmentation(bench.lab, on=False)
    try:
        found = slices.measure(
            bench.lab, bench.paths["host-host"].ends, bench.paths["pod-pod"].ends, asked,
            pids=[process.pid for process in bench.relays], processor=bench.placement.measured,
            seed=bench.seed(ask), batch=PAIRS_A_BATCH, enough=lambda made: _enough(bench, ask.view, made),
        )
    finally:
        if ask.view == "cost":
            set_segmentation(bench.lab, on=True)
    return _trial(bench, both[0], ask, slices.text(found, 0)), _trial(bench, both[1], ask, slices.text(found, 1))


def _enough(bench: Bench, view: str, made: Sequence[Pair]) -> bool:
    """The rule that was fixed beforehand."""
    if len(made) < bench.protocol.pairs_least:
        return False
    wide = pairs.width(made, view)
    return len(made) >= bench.protocol.pairs_most or (wide is not None and wide <= WIDE_ENOUGH)


def _trial(bench: Bench, trial: Trial, ask: Ask, kept: str) -> Trial:
    bench.raws[trial.id] = (slices.TOOL, kept)
    found = pairs.figures(ask.view, kept)
    if "p50_us" not in found and "goodput_bps" not in found:
        raise ProbeError("Nothing was carried in any slice.")
    if ask.view in ("latency", "setup", "packets"):
        trial = replace(trial, streams=None, mss=None)
        if ask.view == "latency":
            found["load_ratio"] = 0.0
    return replace(trial, **found)
