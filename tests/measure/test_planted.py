"""A planted cost of known size is found, at that size: the method is held against what was put there, not against itself."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from experiments import catalog, paths
from experiments.dataplanes.built.flannel import FlannelUdp
from experiments.dataplanes.built.relay_process import RelayProcess
from experiments.dataplanes.recipe import Recipe
from experiments.dataplanes.table import recipe_for
from experiments.labs import table
from experiments.labs.base import Lab, run
from experiments.measure import floor
from experiments.measure.views.bench import Bench
from experiments.measure.views.plan import Ask
from experiments.measure.views.trials import Trials
from experiments.probes import counters, placement
from experiments.results.model import Trial

pytestmark = pytest.mark.lab
COST = Ask("cost", "pod-pod", paired=True)
PING = Ask("latency", "pod-pod", paired=True)
PAIRS = 40
Times = tuple[float, float, float]  # the ratio, and its interval's ends
RULES = 1000
SURE = 1.1  # how well the size itself is known: a ping finds its rules in another cache than a stream does
HEADERS_BYTES = 52  # IPv4 and TCP with timestamps, of each packet that a chain counts
TURNS = 500  # of a loop that does nothing: some 10 µs
# The relay as it is, but for a loop with each packet, from SIGUSR2 on. What a turn of it takes is measured there, once.
PLANTED = textwrap.dedent("""
    import signal, time
    from experiments.dataplanes.built.relays import flannel_udp

    plain, asked = flannel_udp.Relay._packets, []

    def spin():
        for _ in range(TURNS):
            pass

    def took_ns():
        begun = time.thread_time_ns()
        for _ in range(1000):
            spin()
        return (time.thread_time_ns() - begun) // 1000

    def slower(self, read, counted_as):
        for packet in plain(self, read, counted_as):
            if asked:
                if "spin_ns" not in self.counters:
                    self.counters["spin_ns"] = min(took_ns() for _ in range(5))
                spin()
            yield packet

    signal.signal(signal.SIGUSR2, lambda *_: asked.append(True))
    flannel_udp.Relay._packets = slower
    flannel_udp.main()
""")


PROFILE = replace(floor.protocol(), pairs_least=PAIRS, pairs_most=PAIRS, slice_core_s=0.05)


@contextmanager
def _bench(name: str, program: list[str] | None = None) -> Iterator[tuple[Lab, Recipe, Trials]]:
    mode = catalog.get(name)
    with table.EMBEDDED_LAB.up(mode) as lab:
        recipe: Recipe = FlannelUdp(lab, mode, program) if program else recipe_for(mode, lab)
        recipe.build()
        recipe.wait_ready(20)
        with placement.in_force(lab, recipe.daemons()) as places:
            bench = Bench(lab, recipe, mode, PROFILE, "t", "host")
            bench.placement = places
            yield lab, recipe, Trials(bench)


def _measured(trials: Trials, ask: Ask) -> tuple[Trial, Trial]:
    baseline, mode = trials.one("planted", ask)
    assert mode.status == "ok", mode.reason
    return baseline, mode


def _cost(trials: Trials) -> tuple[Times, float, int]:
    """The mode's cost by the packet as a multiple of the baseline's (µs, the second), and the mode's segment size (bytes)."""
    baseline, mode = _measured(trials, COST)
    assert mode.pair_ratio and mode.pair_ratio_low and mode.pair_ratio_high
    assert baseline.mss_bytes and mode.mss_bytes and baseline.core_us_per_packet
    size = mode.mss_bytes / baseline.mss_bytes  # the ratio is by the gigabit
    times = mode.pair_ratio * size, mode.pair_ratio_low * size, mode.pair_ratio_high * size
    return times, baseline.core_us_per_packet, mode.mss_bytes


def _found(before: Times, after: Times, unit_us: float, true_us: float) -> None:
    """The planted size lies between what the intervals' ends leave; the baseline's cost of a packet is the unit."""
    least, most = (after[1] - before[2]) * unit_us, (after[2] - before[1]) * unit_us
    assert after[1] > before[2], "what was planted is not told from nothing"
    assert least / SURE <= true_us <= most * SURE, f"planted {true_us:.2f} µs, found {least:.2f} to {most:.2f}"


def test_a_chain_of_a_thousand_rules_costs_each_packet_what_it_costs_a_ping(tmp_path: Path) -> None:
    """By latency a packet's way through the chain takes half of what a round trip became longer; cost must find the same."""
    if paths.find("iptables-legacy-restore") is None:
        pytest.skip("iptables-legacy-restore is not installed")
    rules = tmp_path / "rules"
    chain = [f"-A PLANTED -s 192.0.2.{number % 250 + 1} -p tcp --dport {number} -j RETURN" for number in range(RULES)]
    rules.write_text("\n".join(["*filter", ":PLANTED -", *chain, "-A FORWARD -j PLANTED", "COMMIT", ""]))
    with _bench("calico-bgp") as (lab, _, trials):
        receiver = lab.nodes[1].name  # on the sender's node packets are still in bundles of 64 KiB
        before, _, _ = _cost(trials)
        _, before_ping = _measured(trials, PING)
        if run(lab, receiver, ["iptables-legacy-restore", str(rules)], check=False).exit_code:
            pytest.skip("this kernel has no filter table")
        _, after_ping = _measured(trials, PING)
        run(lab, receiver, ["iptables-legacy", "--zero"])
        after, unit_us, segment = _cost(trials)
        listed = run(lab, receiver, ["iptables-legacy", "-L", "FORWARD", "-v", "-x", "-n"]).stdout
    assert before_ping.p50_us and after_ping.p50_us
    passed, size = next((int(line.split()[0]), int(line.split()[1])) for line in listed.splitlines() if "PLANTED" in line)
    with_data = (size - HEADERS_BYTES * passed) / segment
    _found(before, after, unit_us, (after_ping.p50_us - before_ping.p50_us) / 2 * passed / with_data)


def test_a_relay_that_takes_longer_with_each_packet_is_found_by_that_much(tmp_path: Path) -> None:
    """The relays' own counters say how many packets they had, and the receiving pod's device how many were no data."""
    program = tmp_path / "planted.py"
    program.write_text(PLANTED.replace("TURNS", str(TURNS)))
    with _bench("flannel-udp", [sys.executable, str(program)]) as (lab, recipe, trials):
        assert isinstance(recipe, FlannelUdp)
        before, _, _ = _cost(trials)
        for daemon in recipe.daemons():
            run(lab, daemon.place, ["kill", "-USR2", str(daemon.pid)])
        begun, answers = _said(recipe), counters.read(lab, recipe.pods[1].name, "eth0").tx_packets
        after, unit_us, _ = _cost(trials)
        ended, answers = _said(recipe), counters.read(lab, recipe.pods[1].name, "eth0").tx_packets - answers
    passed = [later - earlier for (later, _), (earlier, _) in zip(ended, begun, strict=True)]
    with_data = sum(passed) / 2 - answers  # each packet passes both relays
    planted_ns = sum(count * spin_ns for count, (_, spin_ns) in zip(passed, ended, strict=True))
    _found(before, after, unit_us, planted_ns / 1e3 / with_data)


def _said(recipe: FlannelUdp) -> list[tuple[int, int]]:
    """Of each node's relay: packets that it has sent on so far, and what the loop takes (ns)."""
    every = [process.statistics() for process in recipe.processes if isinstance(process, RelayProcess)]
    return [(said["udp_sent"] + said["tun_written"], said.get("spin_ns", 0)) for said in every]
