"""How faithful our recipe of a mode is: its result beside that of upstream's own daemon, both of one campaign. Pure.

Compared are the captured packet, the attestations, what the kernel's tables hold, and the figures. What must differ, because
somebody draws it, is left out; :data:`LEFT_OUT` says what, and why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments.evidence import Check, Header, Packet
from experiments.results import distribution_free, floors
from experiments.results.kernel_tables import MAC, Sets, compare_tables, sets
from experiments.results.model import ModeResult
from experiments.results.summary import Aggregate, aggregates, key_of
from experiments.results.words import counted

SAME_WIRE_RATIO = 0.001  # the wire view counts bytes and frames: only what TCP acknowledges, and when, varies
COST = "cost/pod-pod/1/native"
SPEED = "speed/pod-pod/1/native"


@dataclass(frozen=True)
class LeftOut:
    """A header's field that two deployments of the same mode do not share. ``beneath``: only in front of that layer."""

    layer: str
    field: str
    why: str
    beneath: str = ""
    cni: str = ""  # only in this CNI's modes


# Checksums other than "is it zero", and TCP's timestamps, are not decoded in the first place.
LEFT_OUT = (
    LeftOut("ethernet", "source", "the kernel, or the daemon, draws a MAC address for each device"),
    LeftOut("ethernet", "destination", "the kernel, or the daemon, draws a MAC address for each device"),
    LeftOut("ipv4", "identification", "the kernel counts it up from a number that it draws"),
    LeftOut("tcp", "source_port", "the kernel draws the client's port for each connection"),
    LeftOut("udp", "source_port", "VXLAN's is a hash of the inner headers, with that drawn port among them", beneath="vxlan"),
    LeftOut("vxlan", "vni", "Weave's is made of the peers' short ids, which weaver draws", cni="weave"),
)
# Checks that tell the two programs from each other, so that only one side can have them.
BY_NATURE = frozenset({"relay.process", "daemon.process", "daemon.version", "daemon.ready"})

_FLOW = re.compile(r"^flow\.tunnel_id\.0x[0-9a-f]+\.")  # the id is drawn, as the VNI is
_PACKET_CHECK = re.compile(r"^packet\.(\d+)\.(\w+)\.(\w+)$")


@dataclass(frozen=True)
class Difference:
    """One place in the packet where the two are not alike."""

    where: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class Figure:
    """One aggregate of both. ``ratio`` is ours over upstream's, of their ratios to their own baselines (wire: of the values).

    ``low`` and ``high`` are what ``how`` says; None where one value each is all there is.
    """

    aggregate: Aggregate
    ours: float
    theirs: float
    ratio: float
    low: float | None
    high: float | None
    how: str
    floor: float | None

    @property
    def within(self) -> bool | None:
        """Whether the difference is no larger than the noise floor; None where nothing says how large that is."""
        return None if self.floor is None else max(self.ratio, 1 / self.ratio) - 1 <= self.floor

    @property
    def apart(self) -> bool:
        """Whether it is larger than the floor, and the whole range, where there is one, lies on one side of 1."""
        # A busy machine only adds frames to a transfer: on the wire, two deployments that are alike suffice.
        near = SAME_WIRE_RATIO if self.aggregate.view == "wire" else 0
        reaches = self.low is not None and self.high is not None and self.low <= 1 + near and self.high >= 1 - near
        return self.within is False and not reaches


@dataclass(frozen=True)
class Fidelity:
    """All that the comparison of one mode's two results found. ``unmeasured`` says why there is none, where that is so."""

    mode: str
    packet: tuple[Difference, ...] = ()
    packets_compared: bool = False
    checks: Sets = field(default_factory=Sets)
    checks_apart: tuple[Difference, ...] = ()
    tables: Mapping[str, Sets] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    unmeasured: str = ""

    @property
    def wire(self) -> Figure | None:
        """The wire view's figure, if both have it."""
        return next((one for one in self.figures if one.aggregate.view == "wire"), None)

    @property
    def verdict(self) -> str:
        """The comparison in a sentence."""
        if self.unmeasured:
            return f"not run, because {self.unmeasured}"
        parts = [self._on_the_wire(), *self._elsewhere(), self._price()]
        far = [one for one in self.figures if one.apart]
        judged = [one for one in self.figures if one.within is not None]
        if judged:
            parts.append(f"{len(far)} of {counted(len(judged), 'figure')} apart")
        return "; ".join(part for part in parts if part)

    def _on_the_wire(self) -> str:
        wire = self.wire
        if not self.packets_compared and wire is None:
            return "no packet to compare"
        apart = [*(["headers"] if self.packet else []), *(["bytes"] if wire and wire.apart else [])]
        return f"not the same on the wire ({', '.join(apart)})" if apart else "same on the wire"

    def _elsewhere(self) -> Iterator[str]:
        for kind, found in self.tables.items():
            if not found.same:
                yield f"other {kind}"
        only = {name.split(" ")[0] for name in (*self.checks.only_ours, *self.checks.only_theirs)} - BY_NATURE
        if only or self.checks_apart:
            yield "other attestations"

    def _price(self) -> str:
        """What a packet costs; where that was not measured, how fast it is."""
        found = {one.aggregate.key: one for one in self.figures}
        if cost := found.get(COST):
            words = ("cheaper per packet", "dearer per packet")
            return self._times(cost, cost.ratio < 1, words, "no difference in cost above the noise floor")
        if speed := found.get(SPEED):
            return self._times(speed, speed.ratio > 1, ("faster", "slower"), "no difference in speed above the noise floor")
        return ""

    @staticmethod
    def _times(one: Figure, better: bool, words: tuple[str, str], none: str) -> str:
        if one.within is None:
            return "nothing says how much of the difference is noise"
        if not one.apart:
            return none
        return f"ours is {max(one.ratio, 1 / one.ratio):.2f} times {words[0] if better else words[1]}"


def is_beside_makers(results: Iterable[ModeResult]) -> bool:
    """Whether a campaign holds a maker's daemon: then ours was measured to stand beside that, and not beside other modes."""
    return any(result.daemon for result in results)


def compare(ours: ModeResult, theirs: ModeResult, noise: Mapping[str, Any] | None = None) -> Fidelity:
    """Our result beside upstream's; ``noise`` is their campaign's ``noise_floor``."""
    if missing := [who for who, one in (("ours", ours), ("upstream's", theirs)) if not one.good]:
        return Fidelity(ours.mode, unmeasured=f"no deployment of {' and none of '.join(missing)} gave numbers")
    cni = ours.mode.split("-")[0]
    one, other = _packet(ours), _packet(theirs)
    checks, apart = compare_checks(_checks(ours, cni), _checks(theirs, cni))
    return Fidelity(
        ours.mode, compare_packets(one, other, cni) if one and other else (), bool(one and other), checks, apart,
        compare_tables(ours, theirs), tuple(compare_figures(ours, theirs, noise or {})),
    )


def _packet(result: ModeResult) -> Packet | None:
    return next((one.packet for one in result.good if one.packet), None)


def left_out(headers: Sequence[Header], number: int, name: str, cni: str) -> bool:
    """Whether a field of the header with that place (from 0) must differ."""
    layer = headers[number].layer
    following = headers[number + 1].layer if number + 1 < len(headers) else ""
    return any((one.layer, one.field) == (layer, name) and one.beneath in ("", following) and one.cni in ("", cni)
               for one in LEFT_OUT)


def left_out_by_reason() -> dict[str, list[str]]:
    """Why fields are not compared, and which, as ``layer.field``."""
    found: dict[str, list[str]] = {}
    for one in LEFT_OUT:
        found.setdefault(one.why, []).append(f"{one.layer}.{one.field}")
    return found


def compare_packets(ours: Packet, theirs: Packet, cni: str = "") -> tuple[Difference, ...]:
    """The frame's length, the layers with their sizes, then each field of each layer."""
    found = []
    if ours.frame_bytes != theirs.frame_bytes:
        found.append(Difference("frame, bytes", str(ours.frame_bytes), str(theirs.frame_bytes)))
    stacks = [" | ".join(f"{one.layer} {one.length_bytes}" for one in packet.headers) for packet in (ours, theirs)]
    if stacks[0] != stacks[1]:
        return (*found, Difference("headers", *stacks))
    for number, (one, other) in enumerate(zip(ours.headers, theirs.headers, strict=True)):
        for name in dict.fromkeys((*one.fields, *other.fields)):
            a, b = (str(header.fields.get(name, "absent")) for header in (one, other))
            if a != b and not left_out(ours.headers, number, name, cni):
                found.append(Difference(f"header {number + 1}, {one.layer}.{name}", a, b))
    return tuple(found)


def _checks(result: ModeResult, cni: str) -> list[Check]:
    """The checks of all deployments that count, before and after, without those of fields that must differ."""
    found = []
    for deployment in result.good:
        headers = deployment.packet.headers if deployment.packet else ()
        for check in (*deployment.attestation_before, *deployment.attestation_after):
            named = _PACKET_CHECK.match(check.check)
            if named and 0 < int(named[1]) <= len(headers) and left_out(headers, int(named[1]) - 1, named[3], cni):
                continue
            found.append(check)
    return found


def compare_checks(ours: Iterable[Check], theirs: Iterable[Check]) -> tuple[Sets, tuple[Difference, ...]]:
    """By name and place: those that both have, those that only one has; and those of both that expected or saw otherwise."""
    a, b = _by_name(ours), _by_name(theirs)
    apart = [Difference(name, "; ".join(sorted(a[name])), "; ".join(sorted(b[name])))
             for name in sorted(a.keys() & b.keys()) if a[name] != b[name]]
    return sets(a.keys(), b.keys()), tuple(apart)


def _by_name(checks: Iterable[Check]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for check in checks:
        name = f"{_FLOW.sub('flow.tunnel_id.', check.check)} on {check.at}"
        said = f"expected {check.expected}, observed {check.observed}"
        found.setdefault(name, set()).add(MAC.sub("a MAC address", said))
    return found


def compare_figures(ours: ModeResult, theirs: ModeResult, noise: Mapping[str, Any]) -> Iterator[Figure]:
    """Each question from pod to pod that both answer; ``noise`` is the noise floor of their campaign, or of both together."""
    beside = {one.key: one for one in aggregates(theirs)}
    for one in aggregates(ours):
        other = beside.get(one.key)
        if other is None or one.path != "pod-pod":
            continue
        values = one.view == "wire"
        a, b = (list((side.values if values else side.ratios).get(one.headline, {}).values()) for side in (one, other))
        if not a or not b or min(*a, *b) <= 0:
            continue
        middle = [distribution_free.median(side) for side in (a, b)]
        low, high, how = _range(one.key, a, b, ours, theirs)
        floor = SAME_WIRE_RATIO if values else _floor(ours, theirs, noise, one.key)
        yield Figure(one, middle[0], middle[1], middle[0] / middle[1], low, high, how, floor)


def _floor(ours: ModeResult, theirs: ModeResult, noise: Mapping[str, Any], key: str) -> float | None:
    """The floor of a question; where the two are of different places, the larger one. None where one place has none."""
    places = dict.fromkeys((result.lab, result.kernel) for result in (ours, theirs))
    found = [floors.of_question([ours, theirs], noise, key, lab=lab, kernel=kernel).ratio for lab, kernel in places]
    known = [one for one in found if one is not None]
    return max(known) if len(known) == len(found) else None


def _range(
    key: str, a: Sequence[float], b: Sequence[float], ours: ModeResult, theirs: ModeResult
) -> tuple[float | None, float | None, str]:
    """How far the ratio of the two may lie from what it is, and what that range is."""
    if len(a) > 1 or len(b) > 1:
        return min(a) / max(b), max(a) / min(b), "the smallest and the largest combination of deployments"
    one, other = _interval(ours, key), _interval(theirs, key)
    if one and other:
        return one[0] / other[1], one[1] / other[0], "both deployments' intervals of their pairs, combined"
    return None, None, "one value each"


def _interval(result: ModeResult, key: str) -> tuple[float, float] | None:
    """The interval of the only deployment's ratio, by its pairs."""
    return next(((one.pair_ratio_low, one.pair_ratio_high) for deployment in result.good for one in deployment.trials
                 if one.status == "ok" and key_of(one) == key and one.pair_ratio_low and one.pair_ratio_high), None)
