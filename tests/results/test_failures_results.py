"""Files of data/failures: what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from dated_file import written

from experiments.evidence import Check, Packet
from experiments.probes import decode
from experiments.results import dated
from experiments.results.failure_model import Event, Failures, Incident, Pair, Seen, Way
from experiments.results.failures import FOLDER
from experiments.results.validate import validate

FRAME = bytes.fromhex("020000000002" "020000000001" "0800" "4500001c000140004001" "0000" "c0a80102" "c0a80302"
                      "0800f7ff00000000")
PACKET = Packet("node1", len(FRAME), decode.decode(FRAME), hex=FRAME.hex())
PAIRS = tuple(Pair(source=a, target=b, pings=40, lost=0) for a, b in (("pod1", "pod2"), ("pod2", "pod3")))
FAR = Pair(source="pod1", target="pod3", pings=40, lost=30, first_lost_s=0.5, connected_again_s=20.0)
CHECKS = tuple(Check(f"way.{when}", way, way, True, "ping 192.168.3.2; captures of what leaves node1 and node2", "pod1")
               for when, way in (("before", "direct"), ("during", "none"), ("after", "direct")))
WAYS = (Way(when="before", way="direct"), Way(when="during", way="none"), Way(when="after", way="direct"))
ONE = Incident(mode="calico-bgp", event="cut", kernel="host", nodes=3, status="ok", watched_s=25.0,
               implementation={"control plane": "BIRD 2.0.12", "data plane": "Linux routing"}, pairs=(*PAIRS, FAR),
               tables=(Seen(at_s=0.1, says="gateway 172.31.0.3, dev eth0"),), healed_s=1.0, ways=WAYS, checks=CHECKS,
               packets=(PACKET, PACKET))
HONEST = Failures(schema="podpath/failures/1", id="2026-11-26-h000001", started_at="2026-11-26T12:00:00Z",
                  finished_at="2026-11-26T12:01:00Z", generator={"version": "0.1.0", "command": ["invoke", "fail"]},
                  host={"slug": "h000001", "cores": 2}, incidents=(ONE,))
MEASURED = {(one.mode, one.event): one for one in dated.read(next(FOLDER.glob("*.yml")), "failures", Failures).incidents}


def errors(tmp_path: Path, value: Failures, name: str = "") -> list[str]:
    return [str(error) for error in validate(written(tmp_path, value, name)).errors]


def test_an_honest_file_is_read_back_and_valid(tmp_path: Path) -> None:
    assert errors(tmp_path, HONEST) == []
    assert dated.read(tmp_path / "data" / "failures" / f"{HONEST.id}.yml", "failures", Failures).incidents == HONEST.incidents


@pytest.mark.parametrize("event", ["cut", "silent", "mtu", "daemon"])
def test_what_the_program_stores_of_too_short_a_watch_is_valid(tmp_path: Path, event: Event) -> None:
    """A relay that was not given its minute promises nothing; a node that is not healed in time has no way."""
    one = MEASURED["weave-sleeve", event]
    short = replace(one, watched_s=1.0, healed_s=None, tables=one.tables[:1], packets=one.packets[:1],
                    pairs=tuple(replace(old, pings=2, lost=0, first_lost_s=None, connected_again_s=None) for old in one.pairs),
                    ways=tuple(replace(way, way="direct" if way.when == "before" else "none") for way in one.ways),
                    checks=tuple(check for check in one.checks if check.check == "way.before" or (
                        event == "silent" and check.check == "way.during")))
    assert errors(tmp_path, replace(HONEST, incidents=(short,))) == []


Change = Callable[[Incident], Incident]


def incident(**changes: object) -> Change:
    """The incident with other values."""
    return lambda one: replace(one, **changes)  # type: ignore[arg-type]


def pair(number: int, **changes: object) -> Change:
    """Another pair of pods."""
    return lambda one: replace(one, pairs=tuple(
        replace(old, **changes) if place == number else old for place, old in enumerate(one.pairs)))  # type: ignore[arg-type]


def pairs(**changes: object) -> Change:
    """All pairs with other values."""
    return lambda one: replace(one, pairs=tuple(replace(old, **changes) for old in one.pairs))  # type: ignore[arg-type]


def far(**changes: object) -> Change:
    """The last pair with other values."""
    return pair(2, **changes)


def check(number: int, **changes: object) -> Change:
    """Another check."""
    return lambda one: replace(one, checks=tuple(
        replace(old, **changes) if place == number else old for place, old in enumerate(one.checks)))  # type: ignore[arg-type]


def packet(number: int, **changes: object) -> Change:
    """Another packet."""
    return lambda one: replace(one, packets=tuple(
        replace(old, **changes) if place == number else old for place, old in enumerate(one.packets)))  # type: ignore[arg-type]


def way(number: int, taken: str) -> Change:
    """Another way at one time."""
    return lambda one: replace(one, ways=tuple(
        replace(old, way=taken) if place == number else old for place, old in enumerate(one.ways)))  # type: ignore[arg-type]


def says(*tables: tuple[float, str]) -> Change:
    """Another answer of the first node."""
    return incident(tables=tuple(Seen(at_s=at_s, says=text) for at_s, text in tables))


HUGE = 1e308
NOT_RUN = Incident(mode="flannel-vxlan", event="daemon", kernel="host", nodes=3, status="not-run", reason="no process")
OTHER_POD = PACKET.hex.replace("c0a80302", "c0a80303")
HOSTILE = [
    (far(lost=41), "only 40 were sent"),
    (far(first_lost_s=None), "30 were lost"),
    (far(lost=0), "0 were lost"),
    (far(lost=0, first_lost_s=None), "connected_again_s = 20.0: none was lost"),
    (far(connected_again_s=30.0), "it was watched for 25 s"),
    (far(connected_again_s=0.4), "is not after the first that was lost"),
    (far(connected_again_s=HUGE), "allowed: 0 to 3660"),
    (far(connected_again_s=5.0), "from the first on, 11 were sent at most"),
    (far(first_lost_s=HUGE), "allowed: 0 to 3660"),
    (far(source="pod2"), 'source = "pod2": after this event it is pod1'),
    (far(source="<b>"), "is not allowed; allowed: text like"),
    (far(target="pod4"), "is not allowed; allowed: text like"),
    (pair(0, target="pod3"), "after this event it is pod2"),
    (far(packet_bytes=4501), "packet_bytes = 4501: after this event it is absent"),
    (far(pings=39), "each pair is pinged as often, the first 40 times"),
    (far(pings=0, lost=0), "pings = 0: is not allowed"),
    (pairs(pings=1, lost=0, first_lost_s=None, connected_again_s=None), ""),
    (pairs(pings=120), "one begins every 0.5 s, or when the last has ended; in 25 s 1 to 51"),
    (incident(watched_s=HUGE), "allowed: 0.5 to 3660"),
    (incident(watched_s=0.0), "allowed: 0.5 to 3660"),
    (incident(watched_s=59.5), ""),
    (incident(watched_s=61.0), "is 60 s after started_at; the longest of the incidents took 62.0 s"),
    (incident(watched_s=3000.0), "in 3000 s 150 to 6001"),
    (incident(healed_s=40.1), "allowed: 0 to 40"),
    (incident(healed_s=HUGE), "allowed: 0 to 40"),
    (incident(healed_s=0.1), "4 pings take 0.6 s"),
    (incident(event="daemon"), "nothing is healed after this event"),
    (says((99.0, "no route")), "it was watched for 25 s"),
    (says((HUGE, "no route")), "allowed: 0 to 3660"),
    (says((0.1, "all is well")), "is not what the first node of calico-bgp can say"),
    (says((0.1, "2 of 2 peers answer")), "is not what the first node of calico-bgp can say"),
    (says((0.1, "x" * 10_000)), "is not what the first node of calico-bgp can say"),
    (says((0.1, "no route"), (0.2, "no route")), "is no change"),
    (says((0.2, "no route"), (0.1, "dev eth0")), "is before the one in front of it"),
    (says(), "are missing; an incident that is ok has them"),
    (check(0, observed="none"), "ways and packets make it direct"),
    (check(0, check="way.home"), "ways and packets make it way.before"),
    (check(1, expected="direct"), "ways and packets make it none"),
    (check(1, ok=False), "ways and packets make it True"),
    (check(2, evidence="trust me"), "ways and packets make it ping 192.168.3.2; captures of what leaves node1 and node2"),
    (check(2, at="pod3"), "ways and packets make it pod1"),
    (incident(implementation={"data plane": "Linux routing"}), "implementation.control plane: is missing"),
    (incident(implementation={"control plane": "BIRD", "data plane": " "}), "implementation.data plane"),
    (incident(checks=CHECKS[:2]), "are 2; this event asks for way.before, way.during, way.after"),
    (incident(checks=CHECKS * 2), "are 6; this event asks for way.before, way.during, way.after"),
    (incident(healed_s=None), "are 3; this event asks for way.before, way.during"),
    (way(1, "direct"), "ways and packets make it direct"),
    (way(2, "none"), "ways and packets make it none"),
    (incident(ways=WAYS[:2]), "are not those before, during, after"),
    (incident(ways=WAYS[::-1]), "are not those before, during, after"),
    (packet(1, hex=PACKET.hex.replace("c0a80302", "c0a80303")), "the bytes say"),
    (packet(1, hex=OTHER_POD, headers=decode.decode(bytes.fromhex(OTHER_POD))), "is no ping between the same pods"),
    (packet(0, hex="00"), "holds 1 bytes; wanted: 42"),
    (packet(0, hex="00" * 42), "the bytes show ethernet"),
    (packet(0, hex=PACKET.hex[:24] + "080060" + "00" * 27), "cannot be decoded"),
    (packet(0, frame_bytes=99), "holds 42 bytes; wanted: 99"),
    (packet(0, frame_bytes=4501), "holds 42 bytes; wanted: 160"),
    (packet(0, headers=PACKET.headers[:2]), "a ping of calico-bgp has ethernet | ipv4 | icmp"),
    (packet(0, at="node3"), "are from node3, node1; one is kept from before"),
    (packet(1, at="<b>"), "one is kept from before"),
    (incident(packets=(PACKET,) * 4), "has more than 3"),
    (incident(packets=()), "are from nowhere; one is kept from before"),
    (incident(pairs=PAIRS), "pings, ways, tables, checks or their time are missing"),
    (incident(checks=()), "pings, ways, tables, checks or their time are missing"),
    (incident(status="failed"), "is failed, but there are figures"),
    (incident(reason="none"), "says why it could not be done, and it is ok"),
    (incident(nodes=4), "nodes = 4: is not allowed; allowed: 3 to 3"),
    (lambda one: replace(NOT_RUN, reason=None), "says why"),
    (lambda one: NOT_RUN, ""),
    (lambda one: replace(NOT_RUN, event="cut"), "cannot be killed"),
    (lambda one: replace(NOT_RUN, healed_s=1.0), "is not-run, but there are figures"),
    (lambda one: replace(NOT_RUN, tables=ONE.tables), "is not-run, but there are figures"),
    (incident(mode="nothing"), "is no mode of the catalogue"),
    (incident(mode="weave-sleeve"), "is not what the first node of weave-sleeve can say"),
    (incident(mode="flannel-vxlan"), "a ping of flannel-vxlan has ethernet | ipv4 | udp | vxlan | ethernet | ipv4 | icmp"),
]
RELAYED = [
    (incident(), ""),
    (check(2, observed="172.31.0.3"), "ways and packets make it 172.31.0.2"),
    (check(3, check="relay.sleeve.sender"), "ways and packets make it relay.sleeve.source_peer"),
    (check(4, at="node1"), "ways and packets make it node2"),
    (lambda one: replace(one, packets=one.packets[:2]), "node2 sent nothing, but it was on the way"),
    (way(1, "direct"), "the way was direct, but node1 sent nothing, or node2 did too"),
    (says((0.5, "3 of 2 peers answer")), "is not what the first node of weave-sleeve can say"),
]
SHRUNK = [
    (incident(), ""),
    (far(packet_bytes=4501), "packet_bytes = 4501: after this event it is 1450"),
    (far(packet_bytes=None), "packet_bytes: after this event it is 1450"),
    (pair(1, packet_bytes=1450), "packet_bytes = 1450: after this event it is absent"),
    (far(packet_bytes=10**9), "is not allowed; allowed: 28 to 65535"),
]
CASES = [*((ONE, *case) for case in HOSTILE), *((MEASURED["weave-sleeve", "cut"], *case) for case in RELAYED),
         *((MEASURED["flannel-vxlan", "mtu"], *case) for case in SHRUNK)]


@pytest.mark.parametrize(("honest", "change", "refusal"), CASES)
def test_what_cannot_be_is_refused_and_nothing_else(tmp_path: Path, honest: Incident, change: Change, refusal: str) -> None:
    ended = "2026-11-26T12:01:00Z" if honest is ONE else "2026-11-26T13:00:00Z"
    found = errors(tmp_path, replace(HONEST, finished_at=ended, incidents=(change(honest),)))
    assert any(refusal in error for error in found) if refusal else not found, found


def test_twice_the_same_a_wrong_name_no_entry_and_strange_facts_are_refused(tmp_path: Path) -> None:
    assert any("stands here twice" in error for error in errors(tmp_path / "twice", replace(HONEST, incidents=(ONE, ONE))))
    assert any("they must be equal" in error for error in errors(tmp_path / "name", HONEST, "2026-11-26-h000002"))
    assert any("has 0 entries" in error for error in errors(tmp_path / "none", replace(HONEST, incidents=())))
    strange = replace(HONEST, host={**HONEST.host, "serial": "A7"})
    assert any("is no fact that Podpath takes down" in error for error in errors(tmp_path / "facts", strange))
