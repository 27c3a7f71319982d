"""Whether iperf3's own output agrees with itself: bytes over seconds are its rates, intervals and streams add up to its sums.

Each figure is printed several times over. A program that is broken, or a person who changes one of them, leaves the others
as they were. Rates are exact: iperf3 divides the two numbers that it prints (iperf_api.c). Sums came out the same to the last
byte in a thousand real outputs of 3.12; their tolerance is for versions that end an interval a moment later. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

RATE_TOLERANCE = 1e-6  # of a quotient that is printed with 15 digits
TOLERANCE = 0.005  # of sums
UNSETTLED_BYTES = 131_072  # a stream's last write (iperf3's default length for TCP), which one count may lack


def contradiction(answer: Mapping[str, Any]) -> str:
    """What in the output cannot be true together, as a sentence; empty if nothing."""
    end = _mapping(answer.get("end"))
    intervals = [_mapping(interval) for interval in _list(answer.get("intervals"))]
    for said in (*_rates(end, intervals), *_totals(end, intervals), *_streams(end)):
        return said
    return ""


def _rates(end: Mapping[str, Any], intervals: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every rate is its bytes over its seconds."""
    named = [(f"end.{name}", _mapping(end.get(name))) for name in ("sum_sent", "sum_received")]
    named += [(f"intervals[{i}].sum", _mapping(interval.get("sum"))) for i, interval in enumerate(intervals)]
    for where, block in named:
        size, seconds, rate = (_number(block.get(key)) for key in ("bytes", "seconds", "bits_per_second"))
        if size is None or rate is None or not seconds:
            continue
        if abs(size * 8 / seconds - rate) > RATE_TOLERANCE * max(rate, size * 8 / seconds):
            yield f"iperf3's {where} contradicts itself: its bytes over its seconds are not its bits_per_second."


def _totals(end: Mapping[str, Any], intervals: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The intervals that count are what was sent; what TCP sent again is counted in them.

    Not their seconds: on a busy machine each side's timers are late, and late by themselves.
    """
    sent = _mapping(end.get("sum_sent"))
    sums = [_mapping(interval.get("sum")) for interval in intervals]
    kept = [block for block in sums if not block.get("omitted")]
    streams = max(1, len(_list(end.get("streams"))))
    whole, parts = _number(sent.get("bytes")), [_number(block.get("bytes")) for block in kept]
    added = sum(part or 0 for part in parts)
    known = whole is not None and parts and None not in parts
    if known and abs(added - (whole or 0)) > UNSETTLED_BYTES * streams + TOLERANCE * (whole or 0):
        yield "iperf3's intervals do not add up to the bytes of end.sum_sent."
    again, every = _number(sent.get("retransmits")), [_number(block.get("retransmits")) for block in sums]
    if again is not None and every and None not in every:
        counted = sum(_number(block.get("retransmits")) or 0 for block in kept)
        if not counted <= again <= sum(part or 0 for part in every):  # some versions leave the omitted ones out
            yield "iperf3's intervals do not add up to the retransmits of end.sum_sent."


def _streams(end: Mapping[str, Any]) -> Iterator[str]:
    """The streams are together what the sums say."""
    streams = [_mapping(stream) for stream in _list(end.get("streams"))]
    for side, name in (("sender", "sum_sent"), ("receiver", "sum_received")):
        parts = [_number(_mapping(stream.get(side)).get("bytes")) for stream in streams]
        whole = _number(_mapping(end.get(name)).get("bytes"))
        if whole is None or not parts or None in parts:
            continue
        if abs(sum(part or 0 for part in parts) - whole) > UNSETTLED_BYTES * len(parts) + TOLERANCE * whole:
            yield f"iperf3's streams do not add up to the bytes of end.{name}."


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
