"""Files of data/failures: what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.evidence import Check, Packet
from experiments.probes import decode
from experiments.results import dated
from experiments.results.failure_model import Failures, Incident, Pair, Seen, Way
from experiments.results.validate import validate

FRAME = bytes.fromhex("020000000002" "020000000001" "0800" "4500001c000140004001" "0000" "ac1f0001" "ac1f0002"
                      "0800f7ff00000000")
PACKET = Packet("node1", len(FRAME), decode.decode(FRAME), hex=FRAME.hex())
PAIRS = tuple(Pair(source=a, target=b, pings=40, lost=0) for a, b in (("pod1", "pod2"), ("pod2", "pod3")))
FAR = Pair(source="pod1", target="pod3", pings=40, lost=30, first_lost_s=0.5, connected_again_s=20.0)
ONE = Incident(mode="calico-bgp", event="cut", kernel="host", nodes=3, status="ok", watched_s=25.0,
               implementation={"data plane": "Linux routing"}, pairs=(*PAIRS, FAR),
               tables=(Seen(at_s=0.1, says="gateway 172.31.0.3"),), healed_s=1.0,
               ways=(Way(when="before", way="direct"),),
               checks=(Check("way.before", "direct", "direct", True, "ping", "pod1"),), packets=(PACKET,))
HONEST = Failures(schema="podpath/failures/1", id="2026-11-26-h000001", started_at="2026-11-26T12:00:00Z",
                  finished_at="2026-11-26T12:01:00Z", generator={"version": "0.1.0", "command": ["invoke", "fail"]},
                  host={"slug": "h000001", "cores": 2}, incidents=(ONE,))


def errors(tmp_path: Path, value: Failures, name: str = "") -> list[str]:
    path = dated.write(tmp_path / "data" / "failures" / f"{name or value.id}.yml", value)
    return [str(error) for error in validate(path).errors]


def test_an_honest_file_is_read_back_and_valid(tmp_path: Path) -> None:
    assert errors(tmp_path, HONEST) == []
    assert dated.read(tmp_path / "data" / "failures" / f"{HONEST.id}.yml", "failures", Failures).incidents == HONEST.incidents


def far(**changes: object) -> Callable[[Incident], Incident]:
    return lambda one: replace(one, pairs=(*PAIRS, replace(FAR, **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("change", "says"), [
    (far(lost=41), "only 40 were sent"),
    (far(first_lost_s=None), "30 were lost"),
    (far(lost=0), "0 were lost"),
    (far(connected_again_s=30.0), "it was watched for 25 s"),
    (far(connected_again_s=0.4), "is not after the first that was lost"),
    (lambda one: replace(one, tables=(Seen(at_s=99.0, says="no route"),)), "it was watched for 25 s"),
    (lambda one: replace(one, checks=(replace(one.checks[0], observed="none"),)), "is not what expected and observed say"),
    (lambda one: replace(one, packets=(replace(PACKET, hex=PACKET.hex.replace("ac1f0002", "ac1f0003")),)), "are not those of"),
    (lambda one: replace(one, packets=(replace(PACKET, hex="00"),)), "cannot be decoded"),
    (lambda one: replace(one, packets=(PACKET,) * 4), "has more than 3"),
    (lambda one: replace(one, pairs=PAIRS), "pings, ways, checks or their time are missing"),
    (lambda one: replace(one, checks=()), "pings, ways, checks or their time are missing"),
    (lambda one: replace(one, status="failed"), "is failed, but there are figures"),
    (lambda one: Incident(mode="calico-bgp", event="cut", kernel="host", nodes=3, status="not-run"), "says why"),
    (lambda one: replace(one, mode="nothing"), "Unknown mode"),
])
def test_what_cannot_be_is_refused(tmp_path: Path, change: Callable[[Incident], Incident], says: str) -> None:
    found = errors(tmp_path, replace(HONEST, incidents=(change(ONE),)))
    assert any(says in error for error in found), found


def test_twice_the_same_a_wrong_name_no_entry_and_strange_facts_are_refused(tmp_path: Path) -> None:
    assert any("stands here twice" in error for error in errors(tmp_path / "twice", replace(HONEST, incidents=(ONE, ONE))))
    assert any("they must be equal" in error for error in errors(tmp_path / "name", HONEST, "2026-11-26-h000002"))
    assert any("has 0 entries" in error for error in errors(tmp_path / "none", replace(HONEST, incidents=())))
    strange = replace(HONEST, host={**HONEST.host, "serial": "A7"})
    assert any("is no fact that Podpath takes down" in error for error in errors(tmp_path / "facts", strange))
