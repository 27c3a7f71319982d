"""A crowd of BGP speakers that runs: attached, started, told of changes, looked at. Used inside of private namespaces."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from experiments import bounded
from experiments.errors import ExperimentFailed
from experiments.labs import private
from experiments.labs.base import LARGEST_BYTES, Node
from experiments.labs.fabric import bird
from experiments.labs.fabric.crowd import Crowd
from experiments.measure.growth import command
from experiments.measure.growth.routes import Watch
from experiments.probes import one_process

HOME = "/proc/1/ns/net"  # of the first process in the lab, which enters no other
FOLDER = Path("/run/podpath")
AT_ONCE = 8  # commands that are started before the first is waited for
COMMAND_TIMEOUT_S, LEAST_COMMAND_S = 60.0, 5.0
LOOK_S = 0.05  # between two looks whether all sessions stand
_UPDATES = re.compile(r"^\s+Import updates:\s+(\d+)", re.MULTILINE)
_DEVICE = re.compile(r"^\s*(\w+):(.*)$", re.MULTILINE)
_COUNTED_ELSEWHERE = ("lo", "rack")  # a bridge's frames are its ports'
TX_BYTES, TX_PACKETS = 8, 9  # columns of /proc/net/dev after the device's name


class Running:
    """One crowd, from nothing to its last change."""

    def __init__(self, first: Crowd, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.now = first
        self.attached: list[Node] = []
        self.told: dict[str, str] = {}  # the configuration of each speaker that runs
        self.watch = Watch()

    # -- namespaces ---------------------------------------------------------------------------------------------------

    def enter(self, place: str) -> None:
        """Work in a speaker's namespace from now on; the empty place is where the program began."""
        one_process.enter(private.network(place) if place else HOME)

    def typed(self, place: str, lines: Iterable[str]) -> None:
        """Give ``ip`` a batch of commands at a place.

        Raises:
            ExperimentFailed: one of them was refused.
        """
        where = ["-n", place] if place else []
        with tempfile.TemporaryFile() as batch:  # a pipe would want somebody who fills it
            batch.write("".join(f"{line}\n" for line in lines).encode())
            batch.seek(0)
            self._said(place or "the lab", ["ip", *where, "-batch", "-"], stdin=batch)

    def attach(self, whole: Crowd, new: Sequence[Node]) -> None:
        """Make the namespaces of speakers and join them to the others."""
        self.typed("", [f"netns add {speaker.name}" for speaker in new])
        for speaker in new:
            self._prepare(speaker.name)
        for speaker in sorted(new, key=lambda one: one.role != "tor"):  # a rack is there before its nodes
            self.typed(speaker.name, whole.batch(speaker))
        for place, lines in (*whole.ports(new).items(), *whole.neighbours(new).items()):
            self.typed(place, lines)
        self.attached += new
        for speaker in new:
            if speaker.role == "node":
                self.enter(speaker.name)
                self.watch.listen(speaker.name)
        self.enter("")

    def _prepare(self, place: str) -> None:
        """Without IPv6, whose reports would be counted; with forwarding, as a node has it."""
        self.enter(place)
        with suppress(FileNotFoundError):
            Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        self.enter("")

    # -- daemons ------------------------------------------------------------------------------------------------------

    def become(self, after: Crowd, wanted: Mapping[str, str]) -> int:
        """Give each speaker the configuration that it has in another crowd; how many had to be touched for it.

        Calico does the same in each node: confd writes the file anew and has BIRD read it. ``wanted`` are the texts, made
        beforehand: each node makes its own, and here one program would make all of them in turn.
        """
        gone = [name for name in self.told if name not in wanted]
        changed = [name for name, text in wanted.items() if name in self.told and self.told[name] != text]
        new = [name for name in wanted if name not in self.told]
        for name in (*changed, *new):
            (FOLDER / f"{name}.bird.conf").write_text(wanted[name])
        self._all((name, [*_birdc(name), "down"]) for name in gone)
        self._all((name, [*_birdc(name), "configure"]) for name in changed)
        self._all((name, ["bird", "-c", f"{FOLDER}/{name}.bird.conf", "-s", f"{FOLDER}/{name}.bird.ctl",
                          "-P", f"{FOLDER}/{name}.bird.pid"]) for name in new)
        self.told = dict(wanted)
        self.now = after
        return len(gone) + len(changed) + len(new)

    def _all(self, commands: Iterable[tuple[str, list[str]]]) -> None:
        running: list[tuple[str, subprocess.Popen[bytes]]] = []
        for name, argv in commands:
            self.enter(name)
            running.append((name, subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                                   stderr=subprocess.STDOUT)))
            if len(running) == AT_ONCE:
                self._end(running)
        self._end(running)
        self.enter("")

    def _end(self, running: list[tuple[str, subprocess.Popen[bytes]]]) -> None:
        for name, process in running:
            command.answer(name, cast(list[str], process.args), functools.partial(
                bounded.ended, process, self.command_timeout_s, LARGEST_BYTES))
        running.clear()
        self.watch.hear(0)

    @property
    def command_timeout_s(self) -> float:
        """How long one command may take: not longer than all routes may, but a busy machine's moment."""
        return max(LEAST_COMMAND_S, min(COMMAND_TIMEOUT_S, self.timeout_s))

    def _said(self, place: str, argv: Sequence[str], *, stdin: int | IO[bytes] = subprocess.DEVNULL) -> str:
        return command.answer(place, argv, lambda: bounded.run(argv, self.command_timeout_s, LARGEST_BYTES, stdin=stdin))

    def until_quiet(self, what: str, began: float) -> float:
        """Seconds from ``began`` until the last thing that was waited for.

        Raises:
            ExperimentFailed: it did not come in time; says what is missing, and which sessions do not stand.
        """
        deadline = time.monotonic() + self.timeout_s
        while self.watch.left:
            if time.monotonic() > deadline:
                raise self._missing(what)
            self.watch.hear(1.0)
        return max(0.0, self.watch.last - began)

    def _missing(self, what: str) -> ExperimentFailed:
        lacking = self.watch.lacking
        first = next(iter(lacking))
        states = {name: state for name, state in self._states(first).items() if state != "Established"}
        sessions = ", ".join(f"{name} {state}" for name, state in [*states.items()][:3]) or "all of its sessions stand"
        return ExperimentFailed(
            f"{what}: after {self.timeout_s:g} s {sum(map(len, lacking.values()))} changes have not reached "
            f"{len(lacking)} nodes; {first} waits for {sorted(lacking[first])[0]} ({sessions}).",
            "Fewer nodes, or a longer --timeout; a busy machine takes longer.")

    # -- looking ------------------------------------------------------------------------------------------------------

    def _states(self, name: str) -> dict[str, str]:
        return bird.sessions(self._said(name, [*_birdc(name), "show", "protocols"]))

    def established(self) -> int:
        """The ends of sessions that stand, once all do: a second reflector's may come after the last route.

        Raises:
            ExperimentFailed: one does not stand in time.
        """
        deadline = time.monotonic() + self.timeout_s
        ends = 0
        for speaker in self.now.speakers:
            while set((states := self._states(speaker.name)).values()) != {"Established"}:
                if time.monotonic() > deadline:
                    missing = [name for name, state in states.items() if state != "Established"]
                    raise ExperimentFailed(f"Not all sessions of {speaker.name} stand: {', '.join(missing) or 'it has none'}.")
                self.watch.hear(LOOK_S)
            ends += len(states)
        return ends

    def updates(self) -> int:
        """Routes that have come in messages, at all speakers together."""
        return sum(int(number) for speaker in self.now.speakers
                   for part in self._said(speaker.name, [*_birdc(speaker.name), "show", "protocols", "all"]).split("\n\n")
                   if " BGP " in part.partition("\n")[0] for number in _UPDATES.findall(part))

    def sent(self) -> tuple[int, int]:
        """Bytes and packets that all speakers, also those that left, have sent on their links: the devices' own counters."""
        total, packets = 0, 0
        for speaker in self.attached:
            self.enter(speaker.name)
            for device, columns in _DEVICE.findall(Path("/proc/self/net/dev").read_text()):
                if device not in _COUNTED_ELSEWHERE:
                    counted = [int(column) for column in columns.split()]
                    total, packets = total + counted[TX_BYTES], packets + counted[TX_PACKETS]
        self.enter("")
        return total, packets

    def processes(self) -> Iterator[Path]:
        """The folder of each daemon in /proc."""
        for speaker in self.now.speakers:
            yield Path("/proc") / (FOLDER / f"{speaker.name}.bird.pid").read_text().strip()

    def in_tables(self) -> int:
        """BIRD's routes in the nodes' tables, as ``ip`` lists them: what was heard, looked at."""
        found = 0
        for node in self.now.nodes:
            argv = ["ip", "-n", node.name, "-json", "route", "show", "proto", "bird"]
            listed = json.loads(self._said(node.name, argv) or "[]")
            found += sum(route.get("type", "unicast") == "unicast" for route in listed)
        return found


def _birdc(name: str) -> list[str]:
    return ["birdc", "-s", f"{FOLDER}/{name}.bird.ctl"]


def run_time_s(process: Path) -> float:
    """Time on a processor (Documentation/scheduler/sched-stats.rst: the first number of /proc/PID/schedstat, in ns)."""
    return int((process / "schedstat").read_text().split()[0]) / 1e9


def resident_bytes(process: Path) -> int:
    """What a process holds of the memory (proc(5), VmRSS)."""
    found = re.search(r"^VmRSS:\s+(\d+) kB$", (process / "status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
