"""Slices that stand for two measurements are told; two honest measurements are not, however alike their machine makes them."""

from __future__ import annotations

import gzip
import random
from dataclasses import replace

import pytest
from slices_sample import SAMPLE

from experiments.probes import slices
from experiments.probes.slices import Asked, Pair, Paired, Slice
from experiments.results.checks.alike import Seen

LENGTH_NS = 50_000_000


def measured(name: str = "05-speed") -> Paired:
    """A measurement of the sample, really made."""
    (path,) = (SAMPLE / "raw").glob(f"*-{name}.json.gz")
    return slices.parse(gzip.decompress(path.read_bytes()).decode())[0]


def drawn(seed: int, *, waiting_ns: int, tick_ns: int = 1) -> Paired:
    """Slices of an imagined machine: how long others had its processor, and how finely its clock goes."""
    source = random.Random(seed)

    def one() -> Slice:
        own = (LENGTH_NS + source.randrange(100_000)) // tick_ns * tick_ns
        return Slice(LENGTH_NS + 110_000 + source.randrange(waiting_ns), own, 0, 3, 10**8, 0)
    return Paired(Asked("stream", 0.05, 0.005), (1,), (1448, 1448), tuple((one(), one()) for _ in range(60)))


def changed(found: Paired, **factors: float) -> Paired:
    """Fields of all slices times factors."""
    def one(old: Slice) -> Slice:
        return replace(old, **{name: round(getattr(old, name) * factor) for name, factor in factors.items()})
    return replace(found, pairs=tuple((one(baseline), one(mode)) for baseline, mode in found.pairs))


def told(*measurements: Paired) -> list[str]:
    seen = Seen()
    return [said for number, one in enumerate(measurements) for said in seen.copied(f"m{number}", f"trial {number}", one)]


def test_the_two_trials_of_one_measurement_have_the_same_slices() -> None:
    seen, found = Seen(), measured()
    assert [*seen.copied("m", "baseline", found), *seen.copied("m", "mode", found)] == []


def test_measurements_of_one_deployment_are_none_of_each_other() -> None:
    assert told(*(measured(name) for name in ("05-speed", "06-cost", "07-cost", "08-latency", "09-latency", "10-setup"))) == []


@pytest.mark.parametrize(("waiting_ns", "tick_ns"), [(60_000_000, 1), (5_000, 1), (60_000_000, 10**7), (5_000_000, 10**7)])
def test_honest_machines_are_not_accused(waiting_ns: int, tick_ns: int) -> None:
    """Busy ones and idle ones, with a fine clock and one that goes by ticks; two hundred measurements each."""
    assert told(*(drawn(seed, waiting_ns=waiting_ns, tick_ns=tick_ns) for seed in range(200))) == []


def turned(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    return tuple(reversed(pairs))


@pytest.mark.parametrize("waiting_ns", [60_000_000, 5_000])
def test_a_copy_is_told_in_any_order_and_with_other_bytes(waiting_ns: int) -> None:
    first = drawn(1, waiting_ns=waiting_ns)
    for copy in (replace(first, pairs=turned(first.pairs)), changed(first, received_bytes=1.3),
                 replace(first, pairs=first.pairs[:2] + drawn(2, waiting_ns=waiting_ns).pairs[2:])):
        (said,) = told(first, copy)
        assert said.startswith("has ") and "slices that are those of trial 0 to the nanosecond" in said


def test_a_copy_whose_times_were_multiplied_is_told_where_others_had_the_processor_too() -> None:
    first = drawn(1, waiting_ns=60_000_000)
    for factor in (0.99, 1.02, 1.3):
        (said,) = told(first, changed(first, wall_ns=factor, own_ns=factor, received_bytes=1.3))
        assert "slices whose clocks relate as those of trial 0 do" in said
    quiet = drawn(1, waiting_ns=5_000)
    assert told(quiet, changed(quiet, wall_ns=1.02, own_ns=1.02)) == [], "what cannot be told"


def test_a_slice_that_stands_twice_is_told_from_three_on() -> None:
    first = measured()
    (said,) = told(replace(first, pairs=first.pairs[:10] + first.pairs[:2]))
    assert said.startswith("has 4 slices twice")
    assert told(replace(first, pairs=first.pairs[:11] + first.pairs[:1])) == []
