"""Something is broken between three nodes, in silence: who still reaches whom, since when, and by which way.

*cut*: on the underlay's segment the ports of node1 and node3 (or of their racks' routers) are isolated from each other. The
bridge passes no frame between them any more, and both still reach node2 (ip-link(8), "isolated"). *silent*: the segment's end
of node3's link goes down; the others' links stay up, so nobody is told. *mtu*: the same end passes no packet of more than
1400 bytes any more, in either direction, and says nothing (a bridge drops what its port cannot pass). *daemon*: the mode's
process on node3 is killed. The pods of the three nodes ping each other all the while.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from experiments import catalog
from experiments.catalog import Mode
from experiments.dataplanes.built.weave import Weave
from experiments.dataplanes.recipe import Recipe, ip_json
from experiments.dataplanes.table import recipe_for
from experiments.evidence import Check, Packet
from experiments.labs import table
from experiments.labs.base import Lab, Pod, run
from experiments.measure.failure.pings import FIRM_S, Watched
from experiments.probes import capture, decode
from experiments.results import failure_rules
from experiments.results.failure_model import HEAL_S, NODES, Event, Incident, Pair, Seen, Way
from experiments.results.failure_rules import PING_EVERY_S, PINGS, ROUND_S, WATCH_S
from experiments.variant import EMBEDDED, HOST

READY_TIMEOUT_S = 60.0
ANSWER_S = 0.4  # after which a ping counts as lost
ASK_EVERY_S = 5.0  # what a relay is asked for
SHRUNK_BYTES, UNDERLAY_BYTES = 1400, 1500
ICMP_AND_IP_BYTES = 28
HEX_BYTES = 160  # of a frame: all headers

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """What is asked for; ``watch_s`` of 0 is the event's own."""

    mode: str
    event: Event = "cut"
    kernel: str = HOST
    watch_s: float = 0.0


def incident(job: Job, tell: Tell) -> Incident:
    """Build, break, watch, look at what travels where, heal, and look again.

    Raises:
        UserError: the mode cannot be built here.
        ExperimentFailed: it did not come into force before.
    """
    mode = catalog.get(job.mode)
    tell("lab up: 3 nodes")
    with table.get(EMBEDDED).up(mode, nodes=NODES, kernel=job.kernel) as lab:
        recipe = recipe_for(mode, lab)
        if isinstance(recipe, Weave):
            recipe.gossip = True
        tell("build")
        recipe.build()
        recipe.wait_ready(READY_TIMEOUT_S)
        return _Run(lab, recipe, mode, job, tell).run()


class _Run:
    """One lab in which the mode is in force."""

    def __init__(self, lab: Lab, recipe: Recipe, mode: Mode, job: Job, tell: Tell) -> None:
        self.lab, self.recipe, self.mode, self.job, self.tell = lab, recipe, mode, job, tell
        self.first, _, self.last = recipe.pods[:NODES]
        self.ways: list[Way] = []
        self.checks: list[Check] = []

    def run(self) -> Incident:
        """The phases in order."""
        begun = Incident(mode=self.mode.name, event=self.job.event, kernel=self.job.kernel, nodes=NODES, status="ok")
        victims = [one for one in self.recipe.daemons() if one.place == self.lab.nodes[-1].name]
        if self.job.event == "daemon" and not victims:
            why = "no process of this mode runs on a node of this lab: the kernel carries it by what the recipe typed"
            return replace(begun, status="not-run", reason=why)
        before = self._look("before", "direct")
        watch_s = self.job.watch_s or WATCH_S[self.job.event]
        self.tell(f"{self.job.event}, and watch for {watch_s:g} s at most")
        if self.job.event == "daemon":
            run(self.lab, self.lab.nodes[-1].name, ["kill", "-KILL", *(str(one.pid) for one in victims)])
        else:
            self._break(broken=True)
        pairs, tables, watched_s = self._watch(watch_s)
        self.tell("look where packets go")
        after = self._look("during", failure_rules.promised(self.mode, self.job.event, watched_s, pairs[-1]))
        healed_s = self._healed() if self.job.event != "daemon" else None
        return replace(
            begun, implementation=dict(self.recipe.implementation()), watched_s=watched_s, pairs=tuple(pairs),
            tables=tuple(tables), healed_s=healed_s, ways=tuple(self.ways), checks=tuple(self.checks),
            packets=(*before[:1], *after),
        )

    def _break(self, *, broken: bool) -> None:
        if self.job.event == "silent":
            run(self.lab, "underlay", ["ip", "link", "set", "port3", "down" if broken else "up"])
            return
        if self.job.event == "mtu":
            run(self.lab, "underlay", ["ip", "link", "set", "port3", "mtu", str(SHRUNK_BYTES if broken else UNDERLAY_BYTES)])
            return
        for port in ("port1", "port3"):
            run(self.lab, "underlay",
                ["ip", "link", "set", port, "type", "bridge_slave", "isolated", "on" if broken else "off"])

    def _healed(self) -> float | None:
        self.tell("heal, and wait for the direct way")
        self._break(broken=False)
        began = time.monotonic()
        while True:
            way, healed_s = self._way()[0], time.monotonic() - began
            if healed_s > HEAL_S:
                break
            if way == "direct":
                self._look("after", "direct")
                return healed_s
        self._look("after", "")
        return None

    # -- what the pods and the first node see -------------------------------------------------------------------------

    def _watch(self, most_s: float) -> tuple[list[Pair], list[Seen], float]:
        """Ping every pair for so long; after a cut, only until all are connected again."""
        began = time.monotonic()
        watched = [(Watched(a.name, b.name, size), a, b) for a, b, size in self._pairs()]
        seen: list[Seen] = []
        asked_at = -ASK_EVERY_S
        while (at_s := time.monotonic() - began) < most_s:
            for one, a, b in watched:
                one.noted(self._answers(a, b, one.packet_bytes), time.monotonic() - began)
            if not isinstance(self.recipe, Weave) or at_s >= asked_at + ASK_EVERY_S:
                asked_at = at_s
                says = self._says()
                if not seen or seen[-1].says != says:
                    seen.append(Seen(at_s=time.monotonic() - began, says=says))
            now = time.monotonic() - began
            if self.job.event == "cut" and now > FIRM_S and all(one.firm(now) for one, _, _ in watched):
                break
            time.sleep(max(0.0, ROUND_S - now % ROUND_S))
        return [one.pair() for one, _, _ in watched], seen, time.monotonic() - began

    def _pairs(self) -> list[tuple[Pod, Pod, int | None]]:
        """Who pings whom, and with which size; the pair that the event is about comes last."""
        return [(self.recipe.pods[a - 1], self.recipe.pods[b - 1], size)
                for a, b, size in failure_rules.pinged(self.mode, self.job.event)]

    def _answers(self, a: Pod, b: Pod, packet_bytes: int | None = None) -> bool:
        sized = ["-M", "do", "-s", str(packet_bytes - ICMP_AND_IP_BYTES)] if packet_bytes else []
        ping = ["ping", "-n", "-c", "1", "-W", f"{ANSWER_S:g}", *sized, b.address]
        return run(self.lab, a.name, ping, check=False, record=False).exit_code == 0

    def _says(self) -> str:
        """What the first node thinks of the way to the last pod."""
        if isinstance(self.recipe, Weave):
            said = self.recipe.processes[0].statistics()
            peers = said.get("peers")
            answer = (sum(peer["established"] for peer in peers.values()) if isinstance(peers, dict)
                      else said.get("peers_acknowledged", 0))
            return f"{answer} of {NODES - 1} peers answer"
        found = ip_json(self.lab, self.lab.nodes[0].name, "route", "get", self.last.address, record=False)
        route = found[0] if found else {}
        return ", ".join(f"{key} {route[key]}" for key in ("type", "gateway", "dev") if key in route) or "no route"

    # -- what travels where -------------------------------------------------------------------------------------------

    def _look(self, when: str, expected: str) -> list[Packet]:
        """Note the way, and check it where the mode promises one."""
        way, packets = self._way()
        self.ways.append(Way(when=when, way=way))  # type: ignore[arg-type]
        if expected:
            self.checks.append(failure_rules.way_check(when, expected, way, self.last.address))
        if when == "during" and way == "by node2" and failure_rules.relayed(packets):
            self.checks += failure_rules.same_names(*packets)
        return packets

    def _way(self) -> tuple[str, list[Packet]]:
        """Which way a ping from the first pod to the last takes, and one frame of what left each node."""
        near, far = self.lab.nodes[:2]
        asked = b"".join(ipaddress.IPv4Address(pod.address).packed for pod in (self.first, self.last))
        with capture.on(self.lab, near.name, near.device, asked) as left, capture.on(
                self.lab, far.name, far.device, asked) as passed:
            ping = ["ping", "-n", "-c", str(PINGS), "-i", f"{PING_EVERY_S:g}", "-W", "1", self.last.address]
            done = run(self.lab, self.first.name, ping, check=False)
        frames = [(near.name, left.frames()), (far.name, passed.frames())]
        way = "none" if done.exit_code != 0 else "by node2" if frames[1][1] else "direct"
        return way, [_packet(name, found[-1]) for name, found in frames if found]


def _packet(at: str, frame: bytes) -> Packet:
    return Packet(at, len(frame), decode.decode(frame), hex=frame[:HEX_BYTES].hex())


def incident_plain(arguments: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """The capsule's side: a job as plain values in, what was seen as plain values out."""
    return asdict(incident(Job(**arguments), tell))
