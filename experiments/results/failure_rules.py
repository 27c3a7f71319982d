"""What is done to three nodes, and what follows from it: who pings whom and how often, which way is promised, what is checked.

The program that breaks things uses these rules, and `validate` holds stored incidents to them: what one takes, the other
takes. Pure; sentences are without a full stop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from experiments.catalog import Mode
from experiments.dataplanes.recipe import expect
from experiments.evidence import Check, Header, Packet
from experiments.results.checks.labels import TOLD
from experiments.results.failure_model import HEAL_S, NODES, Event, Incident, Pair

ROUND_S = 0.5  # each pair is pinged once in it
LONGEST_ROUND_S = 20.0  # three pings and a look at a table; 2.1 s were seen, with twelve labs on two processors
PINGS, PING_EVERY_S = 4, 0.2  # while packets are captured
# Past the longest time after which somebody notices: Weave's 60 s, BIRD's hold time of 240 s, its 120 s for a restart.
WATCH_S: Mapping[Event, float] = {"cut": 90.0, "silent": 260.0, "mtu": 90.0, "daemon": 150.0}
WRITTEN_S = 0.1  # times are written in tenths, so two that are compared may be off by as much together
CAPTURED_AT = ("node1", "node2")
EVIDENCE = "captures of what leaves node1 and node2"
_ADDRESS = r"[0-9]{1,3}(\.[0-9]{1,3}){3}"
_DEVICE = r"dev [a-z0-9._-]{1,15}"  # IFNAMSIZ of linux/if.h
_ROUTE = re.compile(rf"no route|type [a-z]{{1,16}}(, gateway {_ADDRESS})?(, {_DEVICE})?|gateway {_ADDRESS}(, {_DEVICE})?"
                    rf"|{_DEVICE}")
_PEERS = re.compile(rf"[0-{NODES - 1}] of {NODES - 1} peers answer")

When = Literal["before", "during", "after"]
Key = tuple[str | int, ...]
Broken = Iterator[tuple[Key, str]]


def goes_round(mode: Mode) -> bool:
    """Whether a mode's nodes pass on what they hear of others, and so find a way round a cut."""
    return mode.cni.name == "weave"


def pinged(mode: Mode, event: Event) -> list[tuple[int, int, int | None]]:
    """Who pings whom, by number, and with which size (bytes, None: small); the pair that the event is about comes last."""
    if event == "mtu":
        full = mode.mtu.pod_bytes
        return [(1, 2, full), (1, 3, None), (1, 3, full)]
    return [(1, 2, None), (2, 3, None), (1, 3, None)]


def promised(mode: Mode, event: Event, watched_s: float, far: Pair) -> str:
    """The way that the mode promises after the event; nothing, where it was not given the time that it needs."""
    if event == "cut" and goes_round(mode):
        enough = far.connected_again_s is not None or watched_s >= WATCH_S["cut"]
        return "by node2" if enough else ""
    return "none" if event in ("cut", "silent") else ""


def way_check(when: str, expected: str, way: str, target: str) -> Check:
    """That a ping of the first pod took the way that was expected to the address ``target``."""
    return expect(f"way.{when}", "pod1", expected, way, f"ping {target}; {EVIDENCE}")


def same_names(near: Packet, far: Packet) -> Iterator[Check]:
    """That the middle node changed the outer addresses, and left alone what names both ends."""
    outer = [_first(packet, "ipv4") for packet in (near, far)]
    yield expect("relay.outer_source", "node2", str(outer[0].fields["destination"]), str(outer[1].fields["source"]), EVIDENCE)
    for layer, names in (("vxlan", ("vni",)), ("sleeve", ("source_peer", "destination_peer"))):
        for name in names:
            values = [next((str(one.fields[name]) for one in packet.headers if one.layer == layer), "")
                      for packet in (near, far)]
            if any(values):
                yield expect(f"relay.{layer}.{name}", "node2", values[0], values[1], EVIDENCE)


def _first(packet: Packet, layer: str) -> Header:
    return next(one for one in packet.headers if one.layer == layer)


# -- stored incidents -----------------------------------------------------------------------------------------------------


def broken(one: Incident, mode: Mode) -> Broken:
    """What cannot be in an incident that is ok, but for its packets' bytes: key and sentence."""
    if len(one.pairs) != one.nodes or not one.checks or not one.ways or not one.tables or one.watched_s is None:
        yield ("pairs",), "pings, ways, tables, checks or their time are missing; an incident that is ok has them"
        return
    for i, (pair, (a, b, size)) in enumerate(zip(one.pairs, pinged(mode, one.event), strict=True)):
        yield from (((("pairs", i, *key)), text) for key, text in _pair(pair, one.watched_s))
        for name, wanted in (("source", f"pod{a}"), ("target", f"pod{b}"), ("packet_bytes", size)):
            if getattr(pair, name) != wanted:
                yield ("pairs", i, name), f"after this event it is {'absent' if wanted is None else wanted}"
        if pair.pings != one.pairs[0].pings:
            yield ("pairs", i, "pings"), f"each pair is pinged as often, the first {one.pairs[0].pings} times"
    for name in TOLD:
        if not one.implementation.get(name, "").strip():
            yield ("implementation", name), "is missing; a result says what did the work"
    yield from _tables(one, mode)
    yield from _ways(one)
    yield from _packets(one, mode)
    yield from _checks(one, mode)


def _pair(pair: Pair, watched_s: float) -> Broken:
    least, most = int(watched_s / LONGEST_ROUND_S), int((watched_s + WRITTEN_S) / ROUND_S) + 1
    if not least <= pair.pings <= most:
        yield ("pings",), f"one begins every {ROUND_S:g} s, or when the last has ended; in {watched_s:g} s {least} to {most}"
    if pair.lost > pair.pings:
        yield ("lost",), f"only {pair.pings} were sent"
    if (pair.first_lost_s is None) != (pair.lost == 0):
        yield ("first_lost_s",), f"{pair.lost} were lost"
    if pair.connected_again_s is not None and not pair.lost:
        yield ("connected_again_s",), "none was lost"
    for name in ("first_lost_s", "connected_again_s"):
        if (getattr(pair, name) or 0) > watched_s:
            yield (name,), f"it was watched for {watched_s:g} s"
    if pair.connected_again_s is not None and pair.connected_again_s <= (pair.first_lost_s or 0):
        yield ("connected_again_s",), "is not after the first that was lost"
    if pair.first_lost_s is not None:
        until_s = watched_s if pair.connected_again_s is None else pair.connected_again_s
        most = int((until_s - pair.first_lost_s + WRITTEN_S) / ROUND_S) + 2
        if pair.lost > most:
            yield ("lost",), f"from the first on, {most} were sent at most"


def _tables(one: Incident, mode: Mode) -> Broken:
    assert one.watched_s is not None
    like = _PEERS if goes_round(mode) else _ROUTE
    for i, seen in enumerate(one.tables):
        if seen.at_s > one.watched_s:
            yield ("tables", i, "at_s"), f"it was watched for {one.watched_s:g} s"
        if not like.fullmatch(seen.says):
            yield ("tables", i, "says"), f"is not what the first node of {mode.name} can say"
    for i, (before, after) in enumerate(pairwise(one.tables), start=1):
        if after.at_s < before.at_s:
            yield ("tables", i, "at_s"), "is before the one in front of it"
        if after.says == before.says:
            yield ("tables", i, "says"), "is no change"


def _ways(one: Incident) -> Broken:
    wanted: tuple[When, ...] = ("before", "during") if one.event == "daemon" else ("before", "during", "after")
    found = tuple(way.when for way in one.ways)
    if found != wanted:
        yield ("ways",), f"are not those {', '.join(wanted)}"
    if one.healed_s is None:
        return
    if one.event == "daemon":
        yield ("healed_s",), "nothing is healed after this event"
    if one.healed_s < (PINGS - 1) * PING_EVERY_S - WRITTEN_S:
        yield ("healed_s",), f"{PINGS} pings take {(PINGS - 1) * PING_EVERY_S:g} s"
    if one.healed_s > HEAL_S:
        yield ("healed_s",), f"it is waited for {HEAL_S:g} s"


def _packets(one: Incident, mode: Mode) -> Broken:
    """Where they were captured, which headers they have, and that all are pings of one pod to one other."""
    places = tuple(packet.at for packet in one.packets)
    ways = {way.when: way.way for way in one.ways}
    during = places[1:]
    if places[:1] != CAPTURED_AT[:1] or during not in ((), CAPTURED_AT[:1], CAPTURED_AT[1:], CAPTURED_AT):
        yield ("packets",), (f"are from {', '.join(places) or 'nowhere'}; one is kept from before, "
                             "and of what came then one from each node")
        return
    if ways.get("during") == "direct" and during != CAPTURED_AT[:1]:
        yield ("packets",), "the way was direct, but node1 sent nothing, or node2 did too"
    if ways.get("during") == "by node2" and during[-1:] != CAPTURED_AT[1:]:
        yield ("packets",), "node2 sent nothing, but it was on the way"
    # A captured ping has ICMP where the mode's declared packet has TCP.
    declared = [*(header.layer for header in mode.headers[:-1]), "icmp"]
    if ways.get("before") == "direct" and [header.layer for header in one.packets[0].headers] != declared:
        yield ("packets", 0, "headers"), f"a ping of {mode.name} has {' | '.join(declared)}"
    first = _ends(one.packets[0])
    for i, packet in enumerate(one.packets):
        # Where no ping came back, node2 may have sent an error about it.
        if packet.at == CAPTURED_AT[1] and ways.get("during") == "none":
            continue
        if _ends(packet) != first or None in first:
            yield ("packets", i, "headers"), "is no ping between the same pods as the first"


def _ends(packet: Packet) -> tuple[object, object]:
    """The innermost IPv4 header's addresses: the pods."""
    inner = next((header.fields for header in reversed(packet.headers) if header.layer == "ipv4"), {})
    return inner.get("source"), inner.get("destination")


def _checks(one: Incident, mode: Mode) -> Broken:
    """The checks are those that the event and the mode ask for, and say what was seen."""
    if not one.packets or None in (ends := _ends(one.packets[0])):
        return  # told above
    wanted = list(expected_checks(one, mode, str(ends[1])))
    if len(one.checks) != len(wanted):
        yield ("checks",), f"are {len(one.checks)}; this event asks for {', '.join(check.check for check in wanted)}"
    for i, (found, right) in enumerate(zip(one.checks, wanted, strict=False)):
        for name in ("check", "expected", "observed", "ok", "evidence", "at"):
            if getattr(found, name) != getattr(right, name):
                yield ("checks", i, name), f"ways and packets make it {str(getattr(right, name))[:80]}"


def expected_checks(one: Incident, mode: Mode, target: str) -> Iterator[Check]:
    """The checks of an incident, in order, as its ways and packets give them.

    Of a way round before or after the event no packets are kept, so nothing is compared of them.
    """
    promise = {"before": "direct", "during": promised(mode, one.event, one.watched_s or 0.0, one.pairs[-1]),
               "after": "direct" if one.healed_s is not None else ""}
    for way in one.ways:
        if promise[way.when]:
            yield way_check(way.when, promise[way.when], way.way, target)
        if way.when == "during" and way.way == "by node2" and relayed(one.packets[1:]):
            yield from same_names(*one.packets[1:])


def relayed(packets: Sequence[Packet]) -> bool:
    """Whether there is a frame of what left each of the two nodes, to be compared."""
    return tuple(packet.at for packet in packets) == CAPTURED_AT and all(
        any(header.layer == "ipv4" for header in packet.headers) for packet in packets)
