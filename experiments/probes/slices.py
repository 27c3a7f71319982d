"""Slices of a mode and of its baseline in turn, by one process that holds both ends: what is asked, and what it said.

The program itself is :mod:`experiments.probes.one_process`. Here it is started on a stated processor, asked for pairs until
there are enough, and its answers are read. A pair is one slice of each path in random order, so that what drifts meets both.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal, get_args

from experiments import paths
from experiments.labs.base import Lab
from experiments.probes import one_process
from experiments.probes.errors import ProbeError
from experiments.probes.placement import pinned

TOOL = "podpath slices 1"  # the format of what is kept; in every raw file
Kind = Literal["stream", "request", "setup", "datagram"]
Clock = Literal["processor", "wall"]
WALL_S = 20.0  # for one slice; a processor of one's own gives it in some hundredths of a second
LARGEST = 10**15  # nanoseconds, bytes, switches: no slice comes near; larger numbers are damage
MOST_PAIRS = 200  # of a measurement; the protocols ask for 60 at the most
MOST_LENGTHS = 20_000  # different ones of round trips: to ten binary digits there are 18,000 up to 20 s
# Isolated, and without the packages of the place: only this program's own code is found besides Python's.
START = "import importlib, sys; sys.path.append(sys.argv[1]); importlib.import_module(sys.argv[2]).run()"
END_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Ends:
    """Between which places, and under which address the second is reached."""

    client: str
    server: str
    address: str


@dataclass(frozen=True)
class Asked:
    """What is measured on both paths. ``core_s`` is a slice's time of the processor, ``omit_s`` what is left out before it."""

    kind: Kind
    core_s: float
    omit_s: float
    streams: int = 1
    mss_bytes: int = 0  # 0: what the path gives
    message_bytes: int = 0  # of a request and a response
    burst_bytes: int = 0  # on another connection before each request
    datagram_bytes: int = 0  # payload of a datagram
    datagram_window: int = 0  # sent before they are read
    window_bytes: int = 0  # that TCP's receiver offers at most; 0: as it likes
    congestion_control: str = "cubic"


@dataclass(frozen=True)
class Slice:
    """What one slice took (ns of the wall, of the process, of the relays; switches) and carried (bytes as received)."""

    wall_ns: int
    own_ns: int
    relays_ns: int
    switches: int
    received_bytes: int
    retransmits: int
    p50_ns: int = 0  # of its round trips
    done: int = 0  # round trips, or datagrams that came
    lost: int = 0  # datagrams that did not

    @property
    def core_ns(self) -> int:
        """Time of the processor, all together."""
        return self.own_ns + self.relays_ns


Pair = tuple[Slice, Slice]  # of the baseline, of the mode


@dataclass(frozen=True)
class Paired:
    """All pairs of one measurement. Of each path: the MSS in force, and how many round trips were how long (ns)."""

    asked: Asked
    processors: tuple[int, ...]
    mss_bytes: tuple[int, int]
    pairs: tuple[Pair, ...]
    times_ns: tuple[dict[int, int], dict[int, int]] = field(default_factory=lambda: ({}, {}))
    floor_ns: int = 0  # median over the loopback, of what has round trips
    clock: Clock = "processor"  # wall: this kernel's clock of a process leaves soft interrupts out


def measure(
    lab: Lab, baseline: Ends, mode: Ends, asked: Asked, *, pids: Sequence[int], processor: int, seed: int, batch: int,
    enough: Callable[[Sequence[Pair]], bool],
) -> Paired:
    """Pairs in batches until there are ``enough``. ``pids`` are the mode's relays, as the lab itself numbers them.

    Raises:
        ProbeError: the program failed, or nothing came through, or the processor was not to be had.
    """
    source = random.Random(seed)
    both = [_path(lab, ends) for ends in (baseline, mode)]
    connections = 2 if asked.burst_bytes else asked.streams
    ask = {**asdict(asked), "paths": both, "connections": connections, "pids": list(pids), "wall_s": WALL_S}
    with _program(lab, processor) as talk:
        greeting = talk(json.dumps(ask))
        pairs: list[Pair] = []
        times: tuple[dict[int, int], dict[int, int]] = ({}, {})
        while not pairs or not enough(pairs):
            for answer in talk(json.dumps([source.sample((0, 1), 2) for _ in range(batch)])):
                pairs.append((_slice(answer[0]), _slice(answer[1])))
                still = [one["still"] for one in answer]
                for path, one in zip(times, answer, strict=True):
                    for place, number in one.get("times", {}).items():
                        path[int(place)] = path.get(int(place), 0) + number
    if asked.kind == "stream" and any(still):
        raise ProbeError(f"{max(still)} of {connections} connections carried nothing in any slice.")
    first, second = greeting["mss_bytes"]
    return Paired(asked, tuple(greeting["processors"]), (first, second), tuple(pairs), times, greeting["floor_ns"],
                  greeting["clock"])


def _path(lab: Lab, ends: Ends) -> dict[str, str]:
    return {"client": lab.network_of(ends.client), "server": lab.network_of(ends.server), "address": ends.address}


@contextmanager
def _program(lab: Lab, processor: int) -> Iterator[Callable[[str], Any]]:
    """Run the program; a line in, a line of JSON out."""
    program = [*lab.python, "-I", "-S", "-B", "-c", START, lab.source, one_process.__name__]
    argv = ["setpriv", "--pdeathsig", "KILL", *pinned(processor, program)]
    process = subprocess.Popen(lab.command("", argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, env=paths.environment())
    assert process.stdin is not None
    assert process.stdout is not None
    given, said = process.stdin, process.stdout

    def talk(line: str) -> Any:
        try:
            given.write(line + "\n")
            given.flush()
            answer = json.loads(said.readline() or "null")
        except (OSError, ValueError):
            answer = None
        if answer is None:
            raise ProbeError("The program that holds both ends of the connection ended without a word.")
        if isinstance(answer, dict) and "error" in answer:
            raise ProbeError(f"The program that holds both ends of the connection failed: {str(answer['error'])[:200]}.")
        return answer

    try:
        yield talk
        with suppress(OSError):
            given.write("\n")
            given.flush()
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_TIMEOUT_S)
    finally:
        process.kill()
        process.communicate()


def _slice(answer: dict[str, Any]) -> Slice:
    times = {int(place): number for place, number in answer.get("times", {}).items()}
    wall_ns, own_ns, relays_ns, switches, received_bytes, came, lost = answer["account"]
    return Slice(wall_ns, own_ns, relays_ns, switches, received_bytes, answer["retransmits"],
                 quantile_ns(times, 0.5) if times else 0, sum(times.values()) if times else came, lost)


def quantile_ns(times: dict[int, int], share: float) -> int:
    """The shortest length that at least this share of the round trips did not exceed.

    Raises:
        ValueError: there are none.
    """
    if not times:
        raise ValueError("a percentile of nothing")
    left = share * sum(times.values())
    for place, number in sorted(times.items()):
        left -= number
        if left <= 1e-9:
            return place
    return max(times)


# -- what is kept, and read again ---------------------------------------------------------------------------------------------


_ALL_OF = attrgetter(*(each.name for each in fields(Slice)))


def text(found: Paired, of: int) -> str:
    """What is kept of a measurement for one of its two trials (0: the baseline's): all pairs, its own round trips."""
    return json.dumps({
        "tool": TOOL, "of": of, "asked": asdict(found.asked), "processors": list(found.processors),
        "mss_bytes": list(found.mss_bytes), "floor_ns": found.floor_ns, "clock": found.clock,
        "pairs": [[_ALL_OF(one) for one in pair] for pair in found.pairs],
        "times_ns": {str(place): number for place, number in found.times_ns[of].items()},
    })


def is_ours(said: str) -> bool:
    """Whether a raw output is of this kind."""
    return said.startswith('{"tool": "podpath slices')


@lru_cache(maxsize=2)  # its figures, and the checks of them, ask one after the other for the same
def parse(said: str) -> tuple[Paired, int]:
    """Read what :func:`text` wrote: the pairs, and whose trial it was kept for. Nobody changes what is in it.

    Raises:
        ProbeError: it is damaged.
    """
    try:
        plain = json.loads(said)
        of = plain["of"]
        if plain["tool"] != TOOL or type(of) is not int or of not in (0, 1) or not 0 < len(plain["pairs"]) <= MOST_PAIRS:
            raise ValueError("not of this kind")
        if len(plain["times_ns"]) > MOST_LENGTHS:
            raise ValueError("more lengths than there are")
        times = dict(zip(_numbers(map(int, plain["times_ns"])), _numbers(plain["times_ns"].values()), strict=True))
        pairs = tuple((Slice(*_numbers(one)), Slice(*_numbers(other))) for one, other in plain["pairs"])
        first, second = _numbers(plain["mss_bytes"])
        floor_ns, = _numbers([plain["floor_ns"]])
        if not all(one.core_ns and one.wall_ns for pair in pairs for one in pair):
            raise ValueError("a slice without time")
        if plain["clock"] not in get_args(Clock):
            raise ValueError("no clock of ours")
        return Paired(Asked(**plain["asked"]), tuple(_numbers(plain["processors"])), (first, second), pairs,
                      (times, {}) if of == 0 else ({}, times), floor_ns, plain["clock"]), of
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ProbeError("What the slices gave cannot be read: it is damaged.") from None


def _numbers(values: Iterable[Any]) -> list[int]:
    """Counts, looked at together: a campaign has a million of them."""
    found = list(values)
    if found and (set(map(type, found)) != {int} or min(found) < 0 or max(found) >= LARGEST):
        raise ValueError("not counts")
    return found
