"""What a node shows of itself: links, routes, forwarding entries, processes and sockets, by commands that only read.

Each command has a file name, under which a saved answer of it lies (:mod:`experiments.dataplanes.found.saved`).
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments.dataplanes.found.cluster_objects import Json, mapping
from experiments.errors import UserError

LINKS, ROUTES, ENTRIES, PROCESSES, TCP, UDP = "links.json", "routes.json", "fdb.json", "processes.txt", "tcp.txt", "udp.txt"
QUESTIONS: Mapping[str, Sequence[str]] = {
    LINKS: ("ip", "-json", "-details", "address", "show"),
    ROUTES: ("ip", "-json", "route", "show"),
    ENTRIES: ("bridge", "-json", "fdb", "show"),
    PROCESSES: ("sh", "-c", "cat /proc/[0-9]*/comm"),
    TCP: ("cat", "/proc/net/tcp"),
    UDP: ("cat", "/proc/net/udp"),
}
ESTABLISHED = 1  # include/net/tcp_states.h
# /proc/net/tcp and udp: "   0: 0100007F:00B3 0200007F:C350 01 …"; addresses as the processor has them (net/ipv4/tcp_ipv4.c).
_SOCKET = re.compile(r"^\s*\d+: ([0-9A-F]{8}):([0-9A-F]{4}) ([0-9A-F]{8}):([0-9A-F]{4}) ([0-9A-F]{2})\b", re.MULTILINE)
_SOCKETS_BEGIN = re.compile(r"^\s*sl\s+local_address")
LONGEST_REASON = 120

# Answers a command, known by its file's name, at a node; raises NotSeen where there is no answer.
Ask = Callable[[str, Sequence[str]], str]


class NotSeen(Exception):
    """A command got no answer; the words say why."""


class Broken(UserError):
    """An answer that is there and cannot be what it should be: cut off, or of something else."""


@dataclass(frozen=True)
class SeenSocket:
    """One IPv4 socket of a node."""

    local: str
    local_port: int
    remote: str
    remote_port: int
    state: int


@dataclass(frozen=True)
class NodeView:
    """One of the two nodes as it shows itself; None: it could not be seen, and ``unseen`` says why, by the file's name."""

    name: str
    address: str
    other: str = ""  # the other node's address …
    pod: str = ""  # … and that of a pod on it
    links: tuple[Json, ...] | None = None
    routes: tuple[Json, ...] | None = None
    entries: tuple[Json, ...] | None = None
    processes: frozenset[str] | None = None
    tcp: tuple[SeenSocket, ...] | None = None
    udp: frozenset[int] | None = None  # local ports
    own: Mapping[str, str] = field(default_factory=dict)  # answers to the CNI's own questions, by their files
    unseen: Mapping[str, str] = field(default_factory=dict)

    @property
    def blind(self) -> str:
        """Why nothing of it could be seen; empty where something was."""
        seen = (self.links, self.routes, self.entries, self.processes, self.tcp, self.udp)
        return "" if self.own or any(one is not None for one in seen) else next(iter(self.unseen.values()), "it was not asked")

    @property
    def route(self) -> Json | None:
        """The narrowest route to the pod on the other node; None where routes or the pod are not known."""
        if self.routes is None or not self.pod:
            return None
        return longest([dict(one) for one in self.routes if leads(one, self.pod)])

    @property
    def underlay(self) -> str:
        """The device that leads to the other node; empty where it is not known."""
        if self.routes is None or not self.other:
            return ""
        return str(longest([dict(one) for one in self.routes if leads(one, self.other)]).get("dev", ""))

    @property
    def link_names(self) -> frozenset[str]:
        """The names of its links."""
        return frozenset(str(one.get("ifname")) for one in self.links or ())


def look(name: str, address: str, other: str, pod: str, ask: Ask, own: Mapping[str, Sequence[str]]) -> NodeView:
    """Ask a node everything; ``own`` are the CNI's own questions.

    Raises:
        Broken: an answer is cut off, or not of this node.
    """
    unseen: dict[str, str] = {}

    def answer(file: str, argv: Sequence[str]) -> str | None:
        try:
            said = ask(file, argv)
        except NotSeen as why:
            unseen[file] = str(why)[:LONGEST_REASON]
            return None
        if not said.strip():
            unseen[file] = "the answer is empty"
            return None
        return said

    said = {file: answer(file, argv) for file, argv in QUESTIONS.items()}
    links, routes, entries = (_objects(name, file, said[file], unseen) for file in (LINKS, ROUTES, ENTRIES))
    if links and address and not _has(links, address):
        raise Broken(f"{name}/{LINKS} is not of {name}: no link there has its address {address}.",
                     "Are these the answers of another node, or of another cluster?")
    sockets = {file: _sockets(file, said[file], unseen) for file in (TCP, UDP)}
    processes = said[PROCESSES]
    udp = sockets[UDP]
    return NodeView(
        name, address, other, pod, links, routes, entries,
        None if processes is None else frozenset(processes.split()), sockets[TCP],
        None if udp is None else frozenset(one.local_port for one in udp),
        {file: found for file, argv in own.items() if (found := answer(file, argv)) is not None}, unseen)


def _objects(name: str, file: str, text: str | None, unseen: dict[str, str]) -> tuple[Json, ...] | None:
    """A list of JSON objects; None, and a reason, where something else answered (an `ip` that has no JSON)."""
    if text is None:
        return None
    if not text.lstrip().startswith("["):
        unseen[file] = f"no JSON, but: {text.strip().splitlines()[0]}"[:LONGEST_REASON]
        return None
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Broken(f"{name}/{file} is cut off, or not JSON: {str(error)[:LONGEST_REASON]}.", "Collect it again.") from None
    if not all(isinstance(one, dict) for one in read):
        raise Broken(f"{name}/{file} holds something else than objects.", "Collect it again.")
    return tuple(one for one in read if one)  # iproute2 prints {} for what it left out


def _sockets(file: str, text: str | None, unseen: dict[str, str]) -> tuple[SeenSocket, ...] | None:
    if text is None:
        return None
    if not _SOCKETS_BEGIN.match(text):
        unseen[file] = f"no table of sockets, but: {text.strip().splitlines()[0]}"[:LONGEST_REASON]
        return None
    return tuple(SeenSocket(_address(one[1]), int(one[2], 16), _address(one[3]), int(one[4], 16), int(one[5], 16))
                 for one in _SOCKET.finditer(text))


def _address(text: str) -> str:
    return str(ipaddress.IPv4Address(bytes.fromhex(text)[::-1]))  # little-endian, as all processors here are


def _has(links: Sequence[Json], address: str) -> bool:
    """Whether a link has the address; also where the answer tells no addresses at all."""
    told = [mapping(one).get("local") for link in links for one in _listed(link.get("addr_info"))]
    return not told or address in told


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def leads(route: Json, address: str) -> bool:
    """Whether a route matches an address."""
    try:
        destination = str(route.get("dst"))
        network = ipaddress.ip_network("0.0.0.0/0" if destination == "default" else destination, strict=False)
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


def longest(routes: list[dict[str, Any]]) -> dict[str, Any]:
    """The narrowest of the routes that match an address; empty if there is none."""
    return max(routes, key=_width, default={})


def _width(route: Json) -> int:
    destination = str(route.get("dst", ""))
    width = destination.partition("/")[2]
    return -1 if destination == "default" else int(width) if width.isdigit() else 32
