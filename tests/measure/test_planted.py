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
from experiments.probes import placement
from experiments.results.model import Trial

pytestmark = pytest.mark.lab
COST = Ask("cost", "pod-pod", paired=True)
PING = Ask("latency", "pod-pod", paired=True)
PACKETS = Ask("packets", "pod-pod", datagram_bytes=1300, paired=True)
PAIRS = 24
Times = tuple[float, float, float]  # the ratio, and its interval's ends
RULES = 1000
# How well the size itself is known: a ping finds rules in another cache than a stream. A relay that takes longer is interrupted
# by others more often, and finds its own code in a colder cache: beside a busy test run 1.4 times the loop's time was found.
SURE = 1.25
COLDER = 1.8
HEADERS_BYTES = 52  # IPv4 and TCP with timestamps, of each packet that a chain counts
TURNS = 500  # of a loop that does nothing: some 10 µs
# The relay as it is, but for a loop with each packet, from SIGUSR2 on, which is timed where it runs.
PLANTED = textwrap.dedent("""
    import signal, time
    from experiments.dataplanes.built.relays import flannel_udp

    plain, asked, clock = flannel_udp.Relay._packets, [], time.thread_time_ns

    def spin(told):
        begun = clock()
        for _ in range(TURNS):
            pass
        told["spun_ns"] += clock() - begun
        told["spins"] += 1

    def beside_ns():
        told, begun = {"spins": 0, "spun_ns": 0}, clock()
        for _ in range(2000):
            spin(told)
        return (clock() - begun - told["spun_ns"]) / told["spins"]

    def slower(self, read, counted_as):
        told = self.counters
        for packet in plain(self, read, counted_as):
            if asked:
                if "beside_ns" not in told:
                    told |= {"beside_ns": beside_ns(), "spins": 0, "spun_ns": 0}
                spin(told)
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


def _found(before: Times, after: Times, unit_us: float, true_us: float, *, more: float = 1.0) -> None:
    """The planted size lies between what the intervals' ends leave; the baseline's cost of a packet is the unit."""
    least, most = (after[1] - before[2]) * unit_us, (after[2] - before[1]) * unit_us
    assert after[1] > before[2], "what was planted is not told from nothing"
    assert least / SURE / more <= true_us <= most * SURE, f"planted {true_us:.2f} µs, found {least:.2f} to {most:.2f}"


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
    """By datagrams in a closed window: a stream's batches become smaller too, and wake-ups more, which is no planted cost."""
    program = tmp_path / "planted.py"
    program.write_text(PLANTED.replace("TURNS", str(TURNS)))
    with _bench("flannel-udp", [sys.executable, str(program)]) as (lab, recipe, trials):
        assert isinstance(recipe, FlannelUdp)
        before, _ = _packets(trials)
        for daemon in recipe.daemons():
            run(lab, daemon.place, ["kill", "-USR2", str(daemon.pid)])
        after, unit_us = _packets(trials)
        said = [process.statistics() for process in recipe.processes if isinstance(process, RelayProcess)]
    assert len(said) == len(lab.nodes)
    planted_ns = sum(one["spun_ns"] / one["spins"] + one["beside_ns"] for one in said)  # the clock itself takes time too
    _found(before, after, unit_us, planted_ns / 1e3, more=COLDER / SURE)


def _packets(trials: Trials) -> tuple[Times, float]:
    """What a datagram takes as a multiple of the baseline's, and that one (µs)."""
    baseline, mode = _measured(trials, PACKETS)
    assert mode.pair_ratio and mode.pair_ratio_low and mode.pair_ratio_high and baseline.core_packets_per_s
    return (1 / mode.pair_ratio, 1 / mode.pair_ratio_high, 1 / mode.pair_ratio_low), 1e6 / baseline.core_packets_per_s
