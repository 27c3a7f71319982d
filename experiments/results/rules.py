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
# The two sides end the omitted second each by its own clock, and what stood in the shaper's queue (2 MB, experiments/measure/
# views/link.py) then comes on top: on a busy machine a receiver was 80 ms ahead of a link.
LINK_AHEAD_S = 0.15
# What one core moves through memory: above 100 GB/s there is none (DDR5-6400 has 51 a channel, and a core never had all of
# it). Each connection has one core to copy its bytes, at either end. It is the loosest ceiling there is.
CORE_MEMORY_BPS = 8e11
LEAST_CORE_S_PER_GBIT = 1e9 / CORE_MEMORY_BPS
# A round trip wakes two processes by four system calls. The floor is sockperf's median over the loopback; on a machine whose
# cores sleep, whatever else runs keeps them awake: a tenth of that floor was seen.
LEAST_ROUND_TRIP_US = 2.0
LEAST_OF_FLOOR = 0.02
# One process that holds both ends is woken by nobody: the four system calls, and the packets' way, are left.
LEAST_ROUND_TRIP_OF_ONE_PROCESS_US = 0.5
LEAST_OF_FLOOR_OF_SLICES = 0.5  # medians of one process within seconds: no device is passed faster than the loopback
# A mode does all that its nodes do, and more. What the machine did meanwhile made it 12 % faster than its baseline at most, and
# a round trip 11 % shorter; on a machine that others used meanwhile, twice as fast was seen. Several connections have several
# cores.
FASTER_THAN_BASELINE = 5.0
CPU_EXTRA_S = 5.0  # starting and ending the tool counts to the CPU time, not to the trial's duration
DIGITS = 6  # of ratios
OF_SLICES = {"cost": ("core_s_per_gbit", "core_us_per_packet", "context_switches_per_packet"), "latency": ("p50_us",),
             "setup": ("p50_us", "transactions_per_core_s"), "packets": ("core_packets_per_s", "loss_ratio", "datagram_bytes")}
lossy = rules_of_counters.lossy

Broken = Iterator[tuple[str, str]]  # field, and what is wrong with it


def broken(trial: Trial, mode: str, cores: object = None) -> Broken:
    """Every rule that a trial of a mode breaks: the field, and a sentence.

    ``cores`` is the number of the machine's processors, where it is known.

    Raises:
        UserError: there is no such mode.
    """
    yield from _arithmetic(trial)
    ceiling = ceiling_bps(trial, mode)
    if rules_of_counters.applies(trial):
        yield from rules_of_counters.broken(trial, mode, ceiling)
        ceiling = None  # theirs is the lower one
    yield from _ceilings(trial, ceiling, cores)
    yield from _floors(trial)


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
        # Not their mean: on a busy machine a second of iperf3's lasts longer than another, and each counts by its length.
        low, high = min(trial.intervals_bps), max(trial.intervals_bps)
        if not low * (1 - INTERVALS_TOLERANCE) <= trial.sent_bps <= high * (1 + INTERVALS_TOLERANCE):
            yield "intervals_bps", f"they are {low:.0f} to {high:.0f}, so sent_bps cannot be {trial.sent_bps:.0f}"
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


def _ceilings(trial: Trial, limit: float | None, cores: object) -> Broken:
    """What no machine and no wire can do: key and sentence."""
    if limit is not None and trial.goodput_bps is not None:
        most = limit * CEILING_TOLERANCE
        if trial.duration_s:
            most += limit * LINK_AHEAD_S / trial.duration_s
        if trial.goodput_bps > most:
            yield "goodput_bps", (f"the headers leave {quantity(limit, 'bit/s')} of this link; "
                                  f"allowed: at most {quantity(most, 'bit/s')}")
    if trial.goodput_bps and trial.sent_bps and trial.duration_s:
        received_bytes, sent_bytes = (rate * trial.duration_s / 8 for rate in (trial.goodput_bps, trial.sent_bps))
        if received_bytes - sent_bytes > iperf3.most_unequal_bytes(sent_bytes, trial.streams or 1):
            yield "goodput_bps", f"is more than was sent ({quantity(trial.sent_bps, 'bit/s')})"
    of_cores = (("goodput_bps", trial.streams or 1), ("core_goodput_bps", 1))
    for name, number in of_cores:
        memory_bps = CORE_MEMORY_BPS * number
        if (getattr(trial, name) or 0) > memory_bps:
            yield name, f"no memory is so fast; allowed: at most {quantity(memory_bps, 'bit/s')}"
    if trial.view == "cost" and trial.offered_bps and trial.goodput_bps:
        most = trial.offered_bps * OFFERED_TOLERANCE
        if trial.goodput_bps > most:
            yield "goodput_bps", f"{trial.offered_bps} were offered; allowed: at most {most:.0f}"
    if trial.duration_s is not None and isinstance(cores, int):
        most = cores * (trial.duration_s + CPU_EXTRA_S)
        for name in ("cpu_core_s", "softirq_core_s", "steal_core_s", "daemon_core_s"):
            if (getattr(trial, name) or 0) > most:
                yield name, f"{cores} cores have less time; allowed: at most {most:.1f}"
    if trial.view == "link" and trial.status in ("ok", "discarded") and trial.link_rate_bps is None:
        yield "link_rate_bps", "is missing; a trial of the view link has it"
    if trial.limited_by == "link" and trial.link_rate_bps is None:
        yield "limited_by", "there is no link_rate_bps that could be the limit"


def _floors(trial: Trial) -> Broken:
    """What is too little, whatever the machine: key and sentence."""
    if trial.status not in ("ok", "discarded"):
        return
    if trial.pairs is not None:
        yield from _floors_of_slices(trial)
        return
    if trial.view == "latency" and trial.p50_us is not None:
        if trial.floor_p50_us is None:
            yield "floor_p50_us", "is missing; a trial of the view latency has it"
        elif trial.floor_p50_us < LEAST_ROUND_TRIP_US:
            yield "floor_p50_us", f"no kernel answers so fast; allowed: at least {LEAST_ROUND_TRIP_US:g}"
        least = max(LEAST_ROUND_TRIP_US, LEAST_OF_FLOOR * (trial.floor_p50_us or 0))
        if trial.p50_us < least:
            yield "p50_us", f"is below what the tool itself takes over the loopback; allowed: at least {least:g}"
    if trial.view == "cost":
        for name in ("cpu_core_s", "offered_bps", "core_s_per_gbit", "context_switches_per_packet"):
            if getattr(trial, name) is None:
                yield name, "is missing; a trial of the view cost has it"
        if trial.core_s_per_gbit is not None and trial.core_s_per_gbit < LEAST_CORE_S_PER_GBIT:
            yield "core_s_per_gbit", f"nothing moves bytes for so little; allowed: at least {LEAST_CORE_S_PER_GBIT:g}"
        if trial.context_switches_per_packet == 0:
            yield "context_switches_per_packet", "nobody sends and receives without being woken; allowed: above 0"
    elif trial.goodput_bps == 0:
        yield "goodput_bps", "a transfer that carried nothing has failed"


def _floors_of_slices(trial: Trial) -> Broken:
    """The same where one process holds both ends, and needs no tool's floor, no load, and no waking."""
    for name in ("p50_us", "floor_p50_us"):
        if (found := getattr(trial, name)) is not None and found < LEAST_ROUND_TRIP_OF_ONE_PROCESS_US:
            yield name, f"no kernel answers so fast; allowed: at least {LEAST_ROUND_TRIP_OF_ONE_PROCESS_US:g}"
    if trial.p50_us is not None and trial.p50_us < LEAST_OF_FLOOR_OF_SLICES * (trial.floor_p50_us or 0):
        yield "p50_us", f"is below half of what the program takes over the loopback ({trial.floor_p50_us:g})"
    for name in OF_SLICES.get(trial.view, ()):
        if getattr(trial, name) is None:
            yield name, f"is missing; a trial of the view {trial.view} in slices has it"
    if trial.view == "latency" and not trial.burst_bytes and trial.transactions_per_core_s is None:
        yield "transactions_per_core_s", "is missing; a trial of the view latency in slices has it, if nothing goes ahead"
    if trial.core_s_per_gbit is not None and trial.core_s_per_gbit < LEAST_CORE_S_PER_GBIT:
        yield "core_s_per_gbit", f"nothing moves bytes for so little; allowed: at least {LEAST_CORE_S_PER_GBIT:g}"
    if trial.goodput_bps == 0:
        yield "goodput_bps", "a transfer that carried nothing has failed"


def beside_baseline(trials: Sequence[Trial]) -> Iterator[tuple[int, str, str]]:
    """What no mode can be, beside its own nodes in the same deployment: the trial's position, the field, a sentence.

    Also the load beside a round trip, which is a share of the same deployment's goodput.
    """
    def values(view: str, path: str, name: str, streams: int | None = None) -> list[float]:
        return [value for t in trials if (t.view, t.path) == (view, path) and t.status in ("ok", "discarded")
                and (streams is None or (t.streams, t.mss) == (streams, "native"))
                and (value := getattr(t, name)) is not None]

    fastest, quickest = values("speed", "host-host", "goodput_bps"), values("latency", "host-host", "p50_us")
    capacity = values("speed", "pod-pod", "goodput_bps", 1)
    for position, trial in enumerate(trials):
        if trial.path != "pod-pod" or trial.status not in ("ok", "discarded"):
            continue
        most = FASTER_THAN_BASELINE * max(fastest, default=0) * max(2, trial.streams or 1) / 2
        if trial.view == "speed" and fastest and trial.goodput_bps and trial.goodput_bps > most:
            reached = quantity(max(fastest), "bit/s")
            yield position, "goodput_bps", f"the nodes themselves reach {reached}; allowed: at most {most:.0f}"
        least = min(quickest, default=0) / FASTER_THAN_BASELINE
        if trial.view == "latency" and not trial.load_ratio and trial.p50_us is not None and trial.p50_us < least:
            yield position, "p50_us", f"between the nodes themselves it is {min(quickest):g}; allowed: at least {least:g}"
        if trial.load_ratio and trial.offered_bps and not any(
                abs(trial.offered_bps - trial.load_ratio * value) <= 1 + 1e-6 * value for value in capacity):
            yield position, "offered_bps", f"is not {trial.load_ratio:g} of what one stream carried in this deployment"
