"""The figures of trials that were measured in slices, in runs in turn, or by counters of a device.

They come out of what is kept, the same way in the run and in `validate`. A ratio is the median of the ratios of pairs. Its
interval is that of the sign test: the number of pairs below the true median is binomial, whatever the distribution
(:mod:`experiments.results.distribution_free`). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from experiments.probes import runs as run_pairs
from experiments.probes import slices, watched
from experiments.probes.slices import Pair, Paired, Slice
from experiments.results import distribution_free
from experiments.results.distribution_free import Interval, median

PERCENTILES = {"p50_us": 0.5, "p90_us": 0.9, "p99_us": 0.99, "p999_us": 0.999, "max_us": 1.0}
Measure = Callable[[Slice], float]


def core_goodput_bps(one: Slice) -> float:
    """Payload per second of the processor."""
    return 8e9 * one.received_bytes / one.core_ns


def core_s_per_gbit(one: Slice) -> float:
    """The inverse of it."""
    return one.core_ns / (8.0 * one.received_bytes)


def core_packets_per_s(one: Slice) -> float:
    """Datagrams that came per second of the processor."""
    return 1e9 * one.done / one.core_ns


def transactions_per_core_s(one: Slice) -> float:
    """Round trips per second of the processor."""
    return 1e9 * one.done / one.core_ns


def p50_ns(one: Slice) -> float:
    """The median of the slice's round trips."""
    return float(one.p50_ns)


# What of a slice the ratio of a view's trials is taken from.
MEASURE: Mapping[str, Measure] = {"speed": core_goodput_bps, "cost": core_s_per_gbit, "latency": p50_ns, "setup": p50_ns,
                                  "packets": core_packets_per_s}


def ratios(pairs: Sequence[Pair], measure: Measure) -> list[float]:
    """The mode over the baseline, pair by pair; a pair of which one slice carried nothing is left out."""
    return [measure(mode) / below for baseline, mode in pairs
            if _carried(baseline) and _carried(mode) and (below := measure(baseline)) > 0]


def _carried(one: Slice) -> bool:
    return one.received_bytes > 0


def interval(pairs: Sequence[Pair], view: str) -> Interval | None:
    """An exact interval of the true median ratio; None where there are too few pairs."""
    return distribution_free.median_interval(ratios(pairs, MEASURE[view]))


def width(pairs: Sequence[Pair], view: str) -> float | None:
    """How wide the interval is, as a part of its lower end; None where there is none."""
    found = interval(pairs, view)
    return found.high / found.low - 1 if found and found.low > 0 else None


def figures(view: str, text: str) -> dict[str, Any]:
    """The fields of a trial that follow from what is kept of it.

    Raises:
        ProbeError: it is damaged.
    """
    found, of = slices.parse(text)
    own = [pair[of] for pair in found.pairs if _carried(pair[of])]
    plain: dict[str, Any] = {"pairs": len(found.pairs), "duration_s": sum(one.wall_ns for one in own) / 1e9,
                             "clock": found.clock}
    if view != "packets":
        plain |= {"retransmits": sum(one.retransmits for one in own), "congestion_control": found.asked.congestion_control}
    for part in PARTS[view] if own else ():
        plain |= part(found, of, own)
    return plain | (_ratio(found.pairs, view) if of == 1 else {})


def _burst(found: Paired, of: int, own: Sequence[Slice]) -> dict[str, Any]:
    return {"burst_bytes": found.asked.burst_bytes or None}


def _segments(found: Paired, of: int, own: Sequence[Slice]) -> dict[str, Any]:
    return {"mss_bytes": found.mss_bytes[of]}


def _goodput(found: Paired, of: int, own: Sequence[Slice]) -> dict[str, Any]:
    return {"goodput_bps": median([8e9 * one.received_bytes / one.wall_ns for one in own])}


def _packets(found: Paired, of: int, own: Sequence[Slice]) -> dict[str, Any]:
    """What was lost is lost in any slice, also in one that carried nothing."""
    came, lost = (sum(getattr(pair[of], name) for pair in found.pairs) for name in ("done", "lost"))
    return {"datagram_bytes": found.asked.datagram_bytes,
            "core_packets_per_s": median([core_packets_per_s(one) for one in own]),
            "loss_ratio": lost / (came + lost) if came + lost else 1.0}


def _transactions(found: Paired, of: int, own: Sequence[Slice]) -> dict[str, Any]:
    """Behind a burst most of the work is the burst's."""
    if found.asked.burst_bytes:
        return {}
    return {"transactions_per_core_s": median([transactions_per_core_s(one) for one in own])}


def _speed(found: Paired, of: int, own: Sequence[Slice]) -> dict[str, Any]:
    return {"core_goodput_bps": median([core_goodput_bps(one) for one in own])}


def _cost(found: Paired, of: int, own: Sequence[Slice]) -> dict[str, Any]:
    mss = found.mss_bytes[of]
    return {
        "core_s_per_gbit": median([core_s_per_gbit(one) for one in own]),
        "core_us_per_packet": median([one.core_ns / 1e3 / (one.received_bytes / mss) for one in own]),
        "daemon_share_ratio": median([one.relays_ns / one.core_ns for one in own]),
        "context_switches_per_packet": median([one.switches / (one.received_bytes / mss) for one in own]),
    }


def _round_trips(found: Paired, of: int, own: Sequence[Slice]) -> dict[str, Any]:
    times = found.times_ns[of]
    if not times:
        return {}
    percentiles = {name: slices.quantile_ns(times, share) / 1e3 for name, share in PERCENTILES.items()}
    return {"samples": sum(times.values()), "floor_p50_us": found.floor_ns / 1e3 or None, **percentiles}


Part = Callable[[Paired, int, Sequence[Slice]], dict[str, Any]]
PARTS: Mapping[str, Sequence[Part]] = {
    "speed": (_segments, _goodput, _speed), "cost": (_segments, _goodput, _cost), "packets": (_goodput, _packets),
    "latency": (_round_trips, _transactions, _burst), "setup": (_round_trips, _transactions),
}


def _ratio(pairs: Sequence[Pair], view: str) -> dict[str, Any]:
    every, sure = ratios(pairs, MEASURE[view]), interval(pairs, view)
    found: dict[str, Any] = {"pair_ratio": median(every)} if every else {}
    return found | (_interval(sure) if sure else {})


def _interval(sure: Interval) -> dict[str, Any]:
    return {"pair_ratio_low": sure.low, "pair_ratio_high": sure.high, "pair_coverage_ratio": sure.coverage}


def link(text: str) -> dict[str, Any]:
    """The fields of a trial of the link view that follow from the counters of the receiving device.

    Raises:
        ProbeError: they are damaged, or iperf3 says more than the device carried.
    """
    found, header_bytes, result = watched.parse(text)
    return {
        "goodput_bps": 8 * found.payload_bytes(header_bytes) / found.seconds, "device_rx_bytes": found.rx_bytes,
        "device_rx_packets": found.rx_packets, "device_s": found.seconds, "duration_s": result.seconds,
        "retransmits": result.retransmits, "mss_bytes": result.mss_bytes,
        "congestion_control": result.congestion_control or None,
    }


def runs(text: str) -> dict[str, Any]:
    """The fields of a trial that was measured in short runs of iperf3, of mode and baseline in turn.

    Raises:
        ProbeError: iperf3 failed in one of them, or what is kept is damaged.
    """
    every, of = run_pairs.parse(text)
    own = [pair[of] for pair in every]
    found: dict[str, Any] = {
        "pairs": len(every), "duration_s": sum(one.seconds for one in own),
        "goodput_bps": median([one.received_bps for one in own]),
        "retransmits": sum(one.retransmits or 0 for one in own), "mss_bytes": own[0].mss_bytes,
        "congestion_control": own[0].congestion_control or None,
    }
    if of == 0:
        return found
    each = [pair[1].received_bps / pair[0].received_bps for pair in every]
    sure = distribution_free.median_interval(each)
    return found | {"pair_ratio": median(each)} | (_interval(sure) if sure else {})
