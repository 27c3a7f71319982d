"""How a control plane grows with the number of nodes: sessions, time until the last route, memory of the daemons.

No packet of a pod is measured here. The lab is the embedded one: all nodes share one machine, so the times say how the
work grows, not how long a cluster would take.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from experiments import catalog
from experiments.catalog import Mode
from experiments.dataplanes.recipe import ip_json
from experiments.dataplanes.table import recipe_for
from experiments.errors import ExperimentFailed, UserError
from experiments.labs.base import Lab, run
from experiments.labs.fabric import addresses, bird
from experiments.labs.table import EMBEDDED_LAB

POLL_S = 0.1
BGP = "BGP"  # by this word in its protocol a control plane is known that can be grown here
# All namespaces of a kernel share one neighbour table; past this many entries sessions hang without a word.
NEIGHBOURS_FILE = "/proc/sys/net/ipv4/neigh/default/gc_thresh3"


@dataclass(frozen=True)
class Grown:
    """One size: what stood at the end, and how long it took."""

    nodes: int
    sessions: int
    routes: int  # learned by BGP, on all nodes together
    build_s: float  # from the first command in the lab until the last daemon was started
    converge_s: float  # from then until the last route stood
    memory_bytes: int  # resident, all daemons together
    daemons: int


def check(mode: Mode, nodes: int) -> None:
    """Whether the mode can be grown to that size here.

    Raises:
        UserError: it has no BGP, or the number is out of range.
    """
    if BGP not in mode.control_plane.protocol:
        able = [name for name, one in catalog.load().items() if BGP in one.control_plane.protocol]
        raise UserError(f"{mode.name} has no control plane that runs in this lab: its entries are typed by the recipe.",
                        f"Modes with BGP: {', '.join(able)}.")
    addresses.check(nodes)


def grow(mode: Mode, nodes: int, timeout_s: float, tell: Callable[[str], None]) -> Grown:
    """Build the mode with ``nodes`` nodes, wait until each has a route to every other's block, and count.

    Raises:
        ExperimentFailed: routes are missing after ``timeout_s`` seconds; the message says how many, and where to look.
    """
    check(mode, nodes)
    tell(f"{nodes} nodes: build")
    with EMBEDDED_LAB.up(mode, nodes=nodes) as lab:
        recipe = recipe_for(mode, lab)
        started = time.monotonic()
        recipe.build()
        built = time.monotonic()
        tell(f"{nodes} nodes: wait for {nodes * (nodes - 1)} routes")
        _wait_for_routes(lab, nodes, timeout_s)
        converged = time.monotonic()
        daemons = recipe.daemons()
        ends = sum(_sessions(lab, daemon.place, timeout_s) for daemon in daemons)
        memory = sum(_resident_bytes(lab, daemon.place, daemon.pid) for daemon in daemons)
        return Grown(nodes, ends // 2, sum(_routes(lab, node.name) for node in lab.nodes), round(built - started, 2),
                     round(converged - built, 2), memory, len(daemons))


def _wait_for_routes(lab: Lab, nodes: int, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    waiting = [node.name for node in lab.nodes]
    while waiting := [name for name in waiting if _routes(lab, name) < nodes - 1]:
        if time.monotonic() > deadline:
            found = run(lab, "", ["cat", NEIGHBOURS_FILE], record=False, check=False).stdout.strip() or "unknown"
            raise ExperimentFailed(
                f"{len(waiting)} of {nodes} nodes lack routes after {timeout_s:g} s, the first is {waiting[0]}.",
                f"All nodes share this kernel's neighbour table (gc_thresh3 is {found}): fewer nodes, or a larger table.",
            )
        time.sleep(POLL_S)


def _routes(lab: Lab, place: str) -> int:
    """Blocks of other nodes that BIRD has installed."""
    found = ip_json(lab, place, "route", "show", "proto", "bird", record=False)
    return sum(route.get("type") != "blackhole" for route in found)


def _sessions(lab: Lab, place: str, timeout_s: float) -> int:
    """The speaker's sessions, once all of them stand: a second reflector's may come after the last route."""
    deadline = time.monotonic() + timeout_s
    while True:
        said = run(lab, place, ["birdc", "-s", f"/run/podpath/{place}.bird.ctl", "show", "protocols"], record=False).stdout
        states = bird.sessions(said)
        if states and set(states.values()) == {"Established"}:
            return len(states)
        if time.monotonic() > deadline:
            missing = [name for name, state in states.items() if state != "Established"]
            raise ExperimentFailed(f"Not all sessions of {place} are Established: {', '.join(missing) or 'there is none'}.")
        time.sleep(POLL_S)


def _resident_bytes(lab: Lab, place: str, pid: int) -> int:
    said = run(lab, place, ["cat", f"/proc/{pid}/status"], record=False)
    found = re.search(r"^VmRSS:\s+(\d+) kB$", said.stdout, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
