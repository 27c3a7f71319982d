"""The rules for a trial's numbers: they follow from each other, and no wire and no machine could do more.

The runner judges every trial by them when it was measured, and `validate` every trial that is stored: what one takes, the
other takes. Sentences are without a full stop, as the messages of `validate` are. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from experiments import catalog
from experiments.catalog import limits
from experiments.probes import iperf3
from experiments.results import rules_of_counters
from experiments.results.model import Trial
from experiments.results.words import quantity

CEILING_TOLERANCE = 1.02  # a shaper's burst, and bytes that sockets hold when a test ends
OFFERED_TOLERANCE = 1.05  # iperf3 paces by timer ticks; a short run can end ahead of its rate
INTERVALS_TOLERANCE = 0.02  # the last, short interval is not among them
CPU_EXTRA_S = 5.0  # starting and ending the tool counts to the CPU time, not to the trial's duration
DIGITS = 6  # of ratios

Broken = Iterator[tuple[str, str]]  # field, and what is wrong with it


def broken(trial: Trial, mode: str, cores: object = None) -> Broken:
    """Every rule that a trial of a mode breaks: the field, and a sentence.

    ``cores`` is the number of the machine's processors, where it is known.

    Raises:
        UserError: there is no such mode.
    """
    yield from _arithmetic(trial)
    if rules_of_counters.applies(trial):
        yield from rules_of_counters.broken(trial, mode, ceiling_bps(trial, mode))
    else:
        yield from _physics(trial, ceiling_bps(trial, mode), cores)


def ceiling_bps(trial: Trial, mode: str) -> float | None:
    """What the headers leave of the wire or of the emulated link (bit/s); None where no rate is given.

    Between the nodes themselves it is what a mode without any overhead would have.

    Raises:
        UserError: there is no such mode.
    """
    rate_bps = limits.GIGABIT_BPS if trial.view == "wire" else trial.link_rate_bps
    return limits.goodput_limit_bps(catalog.get(mode) if trial.path == "pod-pod" else None, rate_bps) if rate_bps else None


def drift(trials: Sequence[Trial]) -> float | None:
    """How far the two baselines of a deployment lie apart, as a ratio of their mean; None where there are not two."""
    ends = [t.goodput_bps for t in trials
            if t.view == "speed" and t.path == "host-host" and t.status == "ok" and t.goodput_bps and not t.pairs]
    return round(abs(ends[0] - ends[1]) / (sum(ends) / 2), DIGITS) if len(ends) == 2 else None


def _arithmetic(trial: Trial) -> Broken:
    """What does not follow from the trial's other fields: key and sentence."""
    if trial.payload_bytes and trial.underlay_tx_bytes and trial.underlay_tx_packets:
        wire = trial.underlay_tx_bytes + limits.ETHERNET_EXTRA_BYTES * trial.underlay_tx_packets
        ratio = trial.payload_bytes / wire
        if trial.wire_efficiency_ratio is not None and trial.wire_efficiency_ratio != round(ratio, DIGITS):
            yield "wire_efficiency_ratio", f"the counters give {ratio:.{DIGITS}f}"
        if trial.wire_goodput_bps is not None and abs(trial.wire_goodput_bps - ratio * limits.GIGABIT_BPS) > 1:
            yield "wire_goodput_bps", f"the counters give {ratio * limits.GIGABIT_BPS:.0f}"
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


def _physics(trial: Trial, limit: float | None, cores: object) -> Broken:
    """What no machine and no wire can do: key and sentence."""
    name = "wire_goodput_bps" if trial.view == "wire" else "goodput_bps"
    value: float | None = getattr(trial, name)
    if limit is not None and value is not None:
        most = limit * CEILING_TOLERANCE
        if trial.duration_s:  # what stood in the shaper's queue and the sockets when the omitted second ended comes on top
            most += iperf3.UNEQUAL_BYTES * 8 / trial.duration_s
        if value > most:
            yield name, f"the headers leave {quantity(limit, 'bit/s')} of this link; allowed: at most {quantity(most, 'bit/s')}"
    if trial.goodput_bps and trial.sent_bps and trial.duration_s:
        received_bytes, sent_bytes = (rate * trial.duration_s / 8 for rate in (trial.goodput_bps, trial.sent_bps))
        if received_bytes - sent_bytes > iperf3.most_unequal_bytes(sent_bytes, trial.streams or 1):
            yield "goodput_bps", f"is more than was sent ({quantity(trial.sent_bps, 'bit/s')})"
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
