"""What is stored of failures: read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from experiments import catalog
from experiments.errors import UserError
from experiments.evidence import Packet
from experiments.paths import DATA
from experiments.probes import decode
from experiments.probes.errors import DecodeError
from experiments.results import dated
from experiments.results.checks.report import Report
from experiments.results.failure_model import Failures, Incident, Pair

FOLDER = DATA / "failures"
KIND = "failures"
MOST_INCIDENTS = 100
PACKETS = 3  # of an incident, at most

_Key = tuple[str | int, ...]


def check(report: Report, path: Path) -> None:
    """Check one file of data/failures: format, names, pings that add up, packets that decode to what is said of them."""
    file, value = dated.opened(report, path, KIND, Failures)
    if value is None:
        return
    if not 0 < len(value.incidents) <= MOST_INCIDENTS:
        file.error(("incidents",), f"has {len(value.incidents)} entries; allowed: 1 to {MOST_INCIDENTS}")
        return
    seen = set()
    for i, one in enumerate(value.incidents):
        if (one.mode, one.event, one.kernel) in seen:
            file.error(("incidents", i, "mode"), "stands here twice")
        seen.add((one.mode, one.event, one.kernel))
        for key, text in _wrong(one):
            file.error(("incidents", i, *key), text)


def _wrong(one: Incident) -> Iterator[tuple[_Key, str]]:
    try:
        catalog.get(one.mode)
    except UserError as error:
        yield ("mode",), error.problem.rstrip(".")
    if one.status != "ok":
        if one.pairs or one.packets or one.checks or one.ways:
            yield ("status",), f"is {one.status}, but there are figures"
        if not one.reason:
            yield ("reason",), "is missing; what was not done says why"
        return
    if len(one.pairs) != one.nodes or not one.checks or not one.ways or one.watched_s is None:
        yield ("pairs",), "pings, ways, checks or their time are missing; an incident that is ok has them"
    for i, pair in enumerate(one.pairs):
        yield from (((("pairs", i, *key)), text) for key, text in _of_pair(pair, one.watched_s or 0))
    for i, seen in enumerate(one.tables):
        if seen.at_s > (one.watched_s or 0):
            yield ("tables", i, "at_s"), f"it was watched for {one.watched_s:g} s"
    for i, check in enumerate(one.checks):
        if check.ok != (check.expected == check.observed):
            yield ("checks", i, "ok"), "is not what expected and observed say"
    if len(one.packets) > PACKETS:
        yield ("packets",), f"has more than {PACKETS}"
    for i, packet in enumerate(one.packets):
        if text := _undecoded(packet):
            yield ("packets", i), text


def _of_pair(pair: Pair, watched_s: float) -> Iterator[tuple[_Key, str]]:
    if pair.lost > pair.pings:
        yield ("lost",), f"only {pair.pings} were sent"
    if (pair.first_lost_s is None) != (pair.lost == 0):
        yield ("first_lost_s",), f"{pair.lost} were lost"
    for name in ("first_lost_s", "connected_again_s"):
        if (getattr(pair, name) or 0) > watched_s:
            yield (name,), f"it was watched for {watched_s:g} s"
    if pair.connected_again_s is not None and pair.connected_again_s <= (pair.first_lost_s or 0):
        yield ("connected_again_s",), "is not after the first that was lost"


def _undecoded(packet: Packet) -> str:
    """Why the bytes are not the headers that are said of them; empty where they are."""
    try:
        headers = decode.decode(bytes.fromhex(packet.hex))
    except DecodeError as error:
        return f"cannot be decoded: {error}"
    return "" if headers == packet.headers else "its headers are not those of its bytes"
