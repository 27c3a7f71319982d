"""Control planes of growing size: each built in namespaces of its own, timed there, and stored when it stands.

No packet of a pod is measured. All nodes share one machine, so the times say how the work grows, not how long a cluster takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from experiments import catalog
from experiments.errors import ExperimentFailed, UserError, echoed
from experiments.labs import private
from experiments.labs.fabric import crowd
from experiments.measure import program, provenance
from experiments.measure.growth import inside
from experiments.probes import environment
from experiments.results import dated, store
from experiments.results.growth_model import MOST_TIMEOUT_S, Growth, GrowthPoint
from experiments.results.times import now
from experiments.results.words import quantity

SCHEMA = "podpath/growth/1"
MEMINFO = Path("/proc/meminfo")
PHASES = 6  # that may each wait as long as the timeout says: build, sessions, and the changes
BESIDE_S = 120.0  # what they take without waiting

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What a person asked for: every size of every mode, ``repeat`` times."""

    modes: tuple[str, ...]
    nodes: tuple[int, ...]
    repeat: int
    timeout_s: float

    def each(self) -> Iterator[tuple[str, int, int]]:
        """Mode, nodes and number of each build; all modes and sizes once, then again."""
        for n in range(1, self.repeat + 1):
            for nodes in self.nodes:
                for mode in self.modes:
                    yield mode, nodes, n


def check(asked: Asked) -> None:
    """Whether this machine can hold the largest of them.

    Raises:
        UserError: a mode cannot be grown, a number is out of range, or the memory is too small; with the estimate.
    """
    if asked.repeat < 1:
        raise UserError(f"--repeat {echoed(asked.repeat)}: nothing would be built.", "1 or more.")
    if not 0 < asked.timeout_s <= MOST_TIMEOUT_S:
        raise UserError(f"--timeout {echoed(asked.timeout_s)} is out of range.", f"Seconds, 1 to {MOST_TIMEOUT_S}.")
    for mode in asked.modes:
        shape = crowd.shape_of(catalog.get(mode))
        for nodes in asked.nodes:
            crowd.check(nodes)
            wanted, free = crowd.memory_bytes(shape, nodes), available_bytes()
            if free is not None and wanted > free:
                raise UserError(
                    f"{nodes} nodes of {mode} need about {quantity(wanted, 'bytes')} of memory for "
                    f"{crowd.speakers(shape, nodes)} daemons; {quantity(free, 'bytes')} are available.",
                    "Fewer nodes, or end what else runs.")


def available_bytes(meminfo: Path = MEMINFO) -> int | None:
    """Memory that new processes may have without swapping (proc(5), MemAvailable); None where the kernel does not say."""
    with_name = (line.split() for line in meminfo.read_text().splitlines())
    return next((int(parts[1]) * 1024 for parts in with_name if parts[0] == "MemAvailable:"), None)


def grow(mode: str, nodes: int, timeout_s: float, tell: Tell, n: int = 1) -> GrowthPoint:
    """Build a crowd, time it, change it, and take it down.

    Raises:
        UserError: user namespaces are not allowed here, or a tool is missing.
        ExperimentFailed: it did not come to stand; the message says what was missing.
    """
    shape = crowd.shape_of(catalog.get(mode))
    crowd.check(nodes)
    job = {"shape": shape, "nodes": nodes, "timeout_s": timeout_s}
    with private.namespaces() as enter, program.running(inside.__name__, job, PHASES * timeout_s + BESIDE_S,
                                                        enter=enter) as made:
        point = made.result(lambda text: tell(f"{nodes} nodes: {text}"))
    return store.from_plain(GrowthPoint, {"mode": mode, "nodes": nodes, "n": n, "status": "ok", **point})


def measure(asked: Asked, path: Path, host: str, command: Sequence[str], tell: Tell) -> Growth:
    """Build everything that was asked for; the file is written anew after each build, failed ones with their reason.

    Raises:
        UserError: the file cannot be written.
        ExperimentFailed: the disk is full.
    """
    growth = Growth(schema=SCHEMA, id=path.stem, started_at=now(), generator=provenance.generator(command),
                    host=environment.host(host), software=environment.software())
    for mode, nodes, n in asked.each():
        tell(f"{mode}, {nodes} nodes, {n} of {asked.repeat}")
        try:
            point = grow(mode, nodes, asked.timeout_s, tell, n)
        except ExperimentFailed as failure:
            point = GrowthPoint(mode=mode, nodes=nodes, n=n, status="failed", reason=failure.problem)
        growth = replace(growth, points=(*growth.points, point), finished_at=now())
        dated.write(path, growth)
    return growth
