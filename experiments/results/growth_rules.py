"""The rules for a build of a control plane: what so many nodes have by their number, must have, and cannot have. Pure.

Counts follow from the shape. Bytes, packets, memory and processor time have a floor and a ceiling, by what a session, a route
and a process take; each says why. In between lies what only the machine knows. Sentences are without a full stop.
"""

from __future__ import annotations

from collections.abc import Iterator

from experiments import catalog
from experiments.errors import UserError
from experiments.labs.fabric import crowd
from experiments.results.growth_model import GrowthPoint

MEASURES = ("sessions", "converge_s", "cpu_s", "memory_bytes", "underlay_bytes")
CHANGES = ("join", "block", "leave")
SPARE = 1.05  # of a machine's processors: clocks are read one after the other
SPARE_S = 0.1
# BIRD shortens each timer by up to a quarter, chance says by how much (proto/bgp/bgp.c, bgp_start_timer; RFC 4271, section 10).
DIAL_S = 0.75 * crowd.CONNECT_DELAY_S
# For each speaker a process of `ip` attaches it and one of BIRD begins; no machine starts two in less. 6 to 17 ms were seen.
SPEAKER_BUILD_S = 0.0005
SPEAKER_BYTES = 1_000_000  # a BIRD with its C library; 2.5 MB were seen
MEMORY_TOLERANCE = 1.5  # over the estimate of crowd.memory_bytes: another BIRD, larger pages. 0.63 to 0.71 of it were seen
UPDATES_TOLERANCE = 1.5  # a session that was reset has its routes told again
BETTER = 3  # paths to one block that a router takes in turn before the best: from two others' routers, and the direct one
# Ethernet, IPv4 and TCP; each network namespace has TCP timestamps on, whatever its host has (Linux, net/ipv4/tcp_ipv4.c,
# tcp_sk_init).
FRAME_BYTES, STAMPED_BYTES, LARGEST_BYTES = 14 + 20 + 20, 14 + 20 + 32, 14 + 1500
MESSAGE_BYTES, OPEN_BYTES, ROUTE_BYTES = 19, 29, 5  # RFC 4271, sections 4.1 to 4.3: of a /26, its length and four bytes
# A session has three packets of a handshake, then an OPEN and a KEEPALIVE each way, in one packet or in two.
SESSION_PACKETS = 5
SESSION_BYTES = 3 * FRAME_BYTES + 2 * (FRAME_BYTES + OPEN_BYTES + MESSAGE_BYTES)
# Packets without data that belong to no message: handshakes, dials that came too early, ARP. The smallest is an ARP's.
BESIDE_PACKETS, SMALLEST_BYTES = 20, 14 + 28

Key = tuple[str | int, ...]
Broken = Iterator[tuple[Key, str]]


def broken(point: GrowthPoint, cores: int, memory_bytes: int | None) -> Broken:
    """What cannot be in a build: key and sentence.

    ``cores`` are the machine's processors, ``memory_bytes`` its memory where it is known.
    """
    try:
        shape = crowd.shape_of(catalog.get(point.mode))
        crowd.check(point.nodes)
    except UserError as error:
        yield ("mode",), error.problem.rstrip(".")
        return
    if point.mode not in catalog.load():
        yield ("mode",), "is a variant; only modes are grown"
        return
    if point.status == "failed":
        given = [name for name in (*MEASURES, "daemons", "routes", "updates", "build_s", "underlay_packets")
                 if getattr(point, name) is not None]
        if given or point.changes:
            yield ("status",), f"is failed, but there are figures: {', '.join(given) or 'changes'}"
        if not point.reason:
            yield ("reason",), "is missing; a failed build says why"
        return
    if point.reason:
        yield ("reason",), "says why it failed, and it is ok"
    absent = [name for name in (*MEASURES, "daemons", "routes", "updates", "build_s", "underlay_packets")
              if getattr(point, name) is None]
    for name in absent:
        yield (name,), "is missing; a build that is ok has it"
    if not absent:
        yield from _counts(point, shape)
        yield from _times(point, shape, cores)
        yield from _memory(point, shape, memory_bytes)
        yield from _traffic(point, shape)
    yield from _changes(point, shape)


def _counts(point: GrowthPoint, shape: crowd.Shape) -> Broken:
    wanted = {"daemons": crowd.speakers(shape, point.nodes), "sessions": crowd.sessions(shape, point.nodes),
              "routes": point.nodes * (point.nodes - 1)}
    for name, number in wanted.items():
        if getattr(point, name) != number:
            yield (name,), f"{point.nodes} nodes of {point.mode} have {number}"
    least, most = updates(shape, point.nodes)
    if not least <= (point.updates or 0) <= most:
        yield ("updates",), f"{point.nodes} nodes of {point.mode} hear of {least} to {most}"


def updates(shape: crowd.Shape, nodes: int) -> tuple[int, int]:
    """How many routes come in messages at all speakers together, at least and at most.

    At least: what stands in the tables, and once at a router that passes it on. At most: all that each speaker is told by
    each peer. Of a mesh of racks' routers each passes on to all others what it heard first, so a router may take several
    paths to a block in turn, and tells its nodes of each.
    """
    tables = nodes * (nodes - 1)
    if shape == "mesh":
        least, most = tables, tables
    elif shape == "reflectors":
        # Each reflector tells each node of all others' blocks, and the other reflector of all.
        least = tables + nodes
        most = crowd.REFLECTORS * tables + crowd.REFLECTORS * nodes + crowd.REFLECTORS * (crowd.REFLECTORS - 1) * nodes
    else:
        routers = crowd.racks(nodes)
        full, rest = divmod(nodes, crowd.RACK)
        within = full * crowd.RACK * (crowd.RACK - 1) + rest * (rest - 1)
        least = tables + nodes * routers
        paths = max(1, routers - 1)
        taken = min(BETTER, paths)
        most = within + nodes + taken * (tables - within) + taken * paths * nodes * (routers - 1)
    return least, round(UPDATES_TOLERANCE * most)


def _times(point: GrowthPoint, shape: crowd.Shape, cores: int) -> Broken:
    assert point.cpu_s is not None and point.build_s is not None and point.converge_s is not None
    least_s = SPEAKER_BUILD_S * crowd.speakers(shape, point.nodes)
    if point.build_s < least_s:
        yield ("build_s",), f"so many processes do not start in less than {least_s:g} s"
    if point.build_s + point.converge_s < DIAL_S - SPARE_S:
        yield ("converge_s",), f"no speaker dials in the first {DIAL_S:g} s after its start"
    if point.cpu_s > SPARE * cores * (point.build_s + point.converge_s) + SPARE_S:
        yield ("cpu_s",), f"is more than {cores} processors have in the time"


def _memory(point: GrowthPoint, shape: crowd.Shape, memory_bytes: int | None) -> Broken:
    assert point.memory_bytes is not None
    least = SPEAKER_BYTES * crowd.speakers(shape, point.nodes)
    most = round(MEMORY_TOLERANCE * crowd.memory_bytes(shape, point.nodes))
    if not least <= point.memory_bytes <= most:
        yield ("memory_bytes",), f"the daemons of {point.nodes} nodes hold {least} to {most}"
    if memory_bytes is not None and point.memory_bytes > memory_bytes:
        yield ("memory_bytes",), f"is more than the machine has ({memory_bytes})"


def _traffic(point: GrowthPoint, shape: crowd.Shape) -> Broken:
    assert point.underlay_bytes is not None and point.underlay_packets is not None and point.updates is not None
    held, packets, sessions = point.underlay_bytes, point.underlay_packets, crowd.sessions(shape, point.nodes)
    if packets < SESSION_PACKETS * sessions:
        yield ("underlay_packets",), f"{sessions} sessions need {SESSION_PACKETS * sessions} to begin"
    # Routes stand in messages, of which a packet may hold many; each packet with data is answered by one without, at most.
    least = SESSION_BYTES * sessions + ROUTE_BYTES * point.updates
    beside = min(packets, BESIDE_PACKETS * sessions)
    least = max(least, SMALLEST_BYTES * beside + (packets - beside) * (2 * STAMPED_BYTES + MESSAGE_BYTES) // 2)
    if held < least:
        yield ("underlay_bytes",), f"so many sessions, routes and packets need {least} at least"
    if held > LARGEST_BYTES * packets:
        yield ("underlay_bytes",), "is more than so many frames of an MTU of 1500 hold"


def _changes(point: GrowthPoint, shape: crowd.Shape) -> Broken:
    if tuple(change.what for change in point.changes) != CHANGES:
        yield ("changes",), f"are not {', '.join(CHANGES)}"
        return
    for i, change in enumerate(point.changes):
        wanted = 1 if change.what == "block" else crowd.told_of_one_more(shape, point.nodes)
        if change.touched != wanted:
            yield ("changes", i, "touched"), f"this change concerns {wanted} speaker{'s' if wanted != 1 else ''}"
        if change.what == "join" and change.converge_s < DIAL_S - SPARE_S:
            yield ("changes", i, "converge_s"), f"no speaker dials in the first {DIAL_S:g} s after its start"
        if change.underlay_bytes < FRAME_BYTES * point.nodes:
            yield ("changes", i, "underlay_bytes"), (
                f"{point.nodes} other nodes are told, each by a frame: {FRAME_BYTES * point.nodes} at least")


def seconds(point: GrowthPoint) -> float:
    """How long a build took at least (s): its phases follow each other."""
    return (point.build_s or 0.0) + (point.converge_s or 0.0) + sum(change.converge_s for change in point.changes)
