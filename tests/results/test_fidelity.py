"""Our recipe beside upstream's daemon, by results that are described: what is found to differ, and what is let pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from experiments.evidence import Check, Header, Packet, TranscriptStep
from experiments.results.fidelity import LEFT_OUT, Fidelity, compare, compare_figures, compare_packets
from experiments.results.model import Deployment, ModeResult, Trial

OUTER: Mapping[str, str | int | bool] = {"ttl": 64, "df": False, "identification": 7, "source": "172.31.0.1"}
ROUTE = '[{"dst":"10.244.2.0/24","gateway":"10.244.2.0","dev":"flannel.1","flags":["onlink"]}]'


def _packet(*, mac: str = "02:00:00:00:00:01", port: int = 50_000, below: str = "vxlan", vni: int = 1, frame: int = 1514,
            **outer: int) -> Packet:
    headers = (
        Header("ethernet", 0, 14, {"source": mac, "destination": mac, "type": 0x0800}),
        Header("ipv4", 14, 20, {**OUTER, **outer}),
        Header("udp", 34, 8, {"source_port": port, "destination_port": 8472}), Header(below, 42, 8, {"vni": vni}),
    )
    return Packet("node1", frame, headers, hex="")


def _trials(cost: float, low: float, high: float, sent: float) -> tuple[Trial, ...]:
    return (
        Trial("a", "wire", "pod-pod", "ok", streams=1, mss="native", wire_efficiency_ratio=sent, wire_goodput_bps=sent * 1e9),
        Trial("b", "cost", "host-host", "ok", streams=1, mss="native", core_s_per_gbit=0.1, core_us_per_packet=1.0, pairs=12),
        Trial("c", "cost", "pod-pod", "ok", streams=1, mss="native", core_s_per_gbit=0.1 * cost, core_us_per_packet=cost,
              pairs=12, pair_ratio=cost, pair_ratio_low=low, pair_ratio_high=high),
    )


def _steps(route: str = ROUTE, mac: str = "02:00:00:00:00:02") -> tuple[TranscriptStep, ...]:
    return (
        TranscriptStep("attest", "node1", "ip -json route show 10.244.2.0/24", route),
        TranscriptStep("attest", "node1", "ip -json neighbor show 10.244.2.0 dev flannel.1",
                       f'[{{"dst":"10.244.2.0","lladdr":"{mac}","state":["PERMANENT"]}}]'),
        TranscriptStep("attest", "node1", "bridge -json fdb show dev flannel.1",
                       f'[{{"mac":"{mac}","dst":"172.31.0.2","state":"permanent"}}]'),
    )


CHECK = Check("device.mtu_bytes", "1450", "1450", True, "ip link", "node1")


def _result(*costs: tuple[float, float, float], packet: Packet | None = None, checks: tuple[Check, ...] = (CHECK,),
            steps: tuple[TranscriptStep, ...] | None = None, sent: float = 0.909, mode: str = "flannel-vxlan") -> ModeResult:
    deployments = tuple(
        Deployment(n, "ok", attestation_before=checks, attestation_after=checks, trials=_trials(*cost, sent),
                   packet=packet or _packet()) for n, cost in enumerate(costs or ((2.0, 1.98, 2.02),), 1))
    return ModeResult("podpath/mode/1", "2026-11-26-tester", mode, "netns", "host", {}, deployments,
                      _steps() if steps is None else steps)


def _where(found: Fidelity) -> list[str]:
    return [one.where for one in found.packet]


def test_the_same_is_the_same() -> None:
    found = compare(_result(), _result())
    assert found.verdict == "same on the wire; no difference in cost above the noise floor; 0 of 2 figures apart"
    assert found.packet == () and found.checks.same and found.checks_apart == ()
    assert set(found.tables) == {"routes", "neighbours", "FDB entries"} and all(one.same for one in found.tables.values())


def test_what_somebody_draws_is_left_out() -> None:
    drawn = "fe:1e:08:45:44:47"
    theirs = _result(packet=_packet(mac=drawn, port=41_000, identification=9), steps=_steps(mac=drawn))
    found = compare(_result(), theirs)
    assert found.packet == () and all(one.same for one in found.tables.values())
    assert found.tables["FDB entries"].both == {"node1: dst 172.31.0.2, mac MAC of 10.244.2.0, state permanent"}
    assert all(one.why for one in LEFT_OUT)


@pytest.mark.parametrize(("theirs", "where"), [
    (_packet(ttl=63), "header 2, ipv4.ttl"), (_packet(df=True), "header 2, ipv4.df"), (_packet(vni=2), "header 4, vxlan.vni"),
    (_packet(frame=1510), "frame, bytes"), (_packet(below="sleeve"), "headers"),
])
def test_a_header_s_field_that_is_another_is_named(theirs: Packet, where: str) -> None:
    found = compare(_result(), _result(packet=theirs))
    assert _where(found) == [where]
    assert found.verdict.startswith("not the same on the wire (headers)")


def test_a_port_or_an_identity_is_left_out_only_where_it_is_drawn() -> None:
    sleeve = [_packet(port=port, below="sleeve") for port in (6783, 50_000)]
    assert [one.where for one in compare_packets(*sleeve)] == ["header 3, udp.source_port"]
    assert compare_packets(_packet(vni=0x2001), _packet(vni=0xabcdef), "weave") == ()


def test_a_route_that_only_one_has() -> None:
    other = ROUTE.replace('"flags"', '"scope":"link","flags"')
    found = compare(_result(), _result(steps=_steps(other)))
    assert len(found.tables["routes"].only_ours) == len(found.tables["routes"].only_theirs) == 1
    assert "scope link" in next(iter(found.tables["routes"].only_theirs))
    assert "other routes" in found.verdict and "other neighbours" not in found.verdict
    assert compare(_result(), _result(steps=_steps("[]"))).tables["routes"].only_theirs == frozenset()


@pytest.mark.parametrize("output", ["[", '{"dst": 1}', "[1]", "[" * 100_000, '[{"dst":"10.2…'])
def test_an_output_that_cannot_be_read_is_not_compared(output: str) -> None:
    assert "routes" not in compare(_result(), _result(steps=_steps(output))).tables


def test_attestations_that_only_one_has_or_that_saw_otherwise() -> None:
    relay, daemon = (replace(CHECK, check=name, expected="running", observed="running")
                     for name in ("relay.process", "daemon.process"))
    found = compare(_result(checks=(CHECK, relay)), _result(checks=(CHECK, daemon)))
    assert found.checks.only_ours == {"relay.process on node1"} and found.checks.only_theirs == {"daemon.process on node1"}
    assert "attestations" not in found.verdict  # that two programs have two names is no difference
    more = compare(_result(checks=(CHECK, replace(CHECK, check="device.up"))), _result())
    assert more.checks.only_ours == {"device.up on node1"} and "other attestations" in more.verdict
    saw = compare(_result(), _result(checks=(replace(CHECK, expected="1472", observed="1472"),)))
    assert [one.where for one in saw.checks_apart] == ["device.mtu_bytes on node1"] and "other attestations" in saw.verdict


def test_a_ratio_that_is_apart() -> None:
    found = compare(_result((2.0, 1.98, 2.02)), _result((3.0, 2.97, 3.03)))
    (cost,) = (one for one in found.figures if one.aggregate.view == "cost")
    assert cost.ratio == pytest.approx(2 / 3)
    assert (cost.low, cost.high) == (pytest.approx(1.98 / 3.03), pytest.approx(2.02 / 2.97))
    assert cost.how == "both deployments' intervals of their pairs, combined" and cost.apart and cost.within is False
    assert found.verdict == "same on the wire; ours is 1.50 times cheaper per packet; 1 of 2 figures apart"
    assert "ours is 1.50 times dearer per packet" in compare(_result((3.0, 2.97, 3.03)), _result()).verdict


def test_beyond_the_floor_but_the_range_holds_1() -> None:
    found = compare(_result((2.0, 1.9, 2.2), (3.0, 2.9, 3.1)), _result((2.4, 2.3, 2.5), (2.2, 2.1, 2.3)))
    (cost,) = (one for one in found.figures if one.aggregate.view == "cost")
    assert (cost.low, cost.high) == (pytest.approx(2.0 / 2.4), pytest.approx(3.0 / 2.2))
    assert cost.how == "the smallest and the largest combination of deployments" and not cost.apart


def test_between_two_labs_the_larger_floor_counts_and_none_where_one_has_none() -> None:
    ours, theirs = _result((2.0, 1.99, 2.01)), replace(_result((2.1, 2.0, 2.2)), lab="kind")
    (cost,) = (one for one in compare_figures(ours, theirs, {}) if one.aggregate.view == "cost")
    assert cost.floor == pytest.approx(0.1) and cost.within
    alone = replace(theirs, deployments=(replace(theirs.deployments[0], trials=tuple(
        replace(trial, pairs=None, pair_ratio=None, pair_ratio_low=None, pair_ratio_high=None)
        for trial in theirs.deployments[0].trials)),))
    (cost,) = (one for one in compare_figures(ours, alone, {}) if one.aggregate.view == "cost")
    assert cost.floor is None and cost.within is None
    noise = {"kind/host/cost/host-host/1/native": {"spread_ratio": 0.3}}
    (cost,) = (one for one in compare_figures(ours, alone, noise) if one.aggregate.view == "cost")
    assert cost.floor == pytest.approx(0.3)


@pytest.mark.parametrize(("theirs", "same"), [(0.909, True), (0.9085, True), (0.907, False)])
def test_the_wire_is_the_same_within_a_thousandth(theirs: float, same: bool) -> None:
    found = compare(_result(), _result(sent=theirs))
    assert found.wire is not None and found.wire.within is same
    assert found.verdict.startswith("same on the wire" if same else "not the same on the wire (bytes)")


def test_a_busy_machine_s_frames_are_no_difference_if_two_deployments_are_alike() -> None:
    ours = _result((2.0, 1.98, 2.02), (2.0, 1.98, 2.02))
    busy = replace(ours.deployments[0], trials=_trials(2.0, 1.98, 2.02, 0.905))
    found = compare(replace(ours, deployments=(busy, ours.deployments[1])), ours)
    assert found.wire is not None and found.wire.within is False and not found.wire.apart
    assert found.verdict.startswith("same on the wire")


def test_a_side_without_numbers_is_not_compared() -> None:
    failed = replace(_result(), deployments=(Deployment(1, "failed", "it did not start"),))
    assert compare(_result(), failed).verdict == "not run, because no deployment of upstream's gave numbers"
