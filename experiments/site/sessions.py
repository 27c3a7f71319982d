"""Who speaks BGP with whom, drawn: the mesh, reflectors, top-of-rack routers. Pure; units are those of the drawings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

SIZE = 200  # width and height of a drawing
RADIUS = 76
NODES = 6
RACKS = 3


@dataclass(frozen=True)
class Drawn:
    """A node, a reflector or a router: its middle, and what it is called."""

    name: str
    x: float
    y: float
    kind: str  # node | reflector | router


@dataclass(frozen=True)
class Shape:
    """One way to peer: the speakers, and a line for each session."""

    title: str
    about: str
    speakers: tuple[Drawn, ...]
    sessions: tuple[tuple[Drawn, Drawn], ...]


def shapes() -> tuple[Shape, ...]:
    """The three ways that the pages compare, each with six nodes."""
    return (_mesh(), _reflectors(), _racks())


def _ring(count: int, radius: float) -> list[tuple[float, float]]:
    middle = SIZE / 2
    return [(round(middle + radius * math.sin(2 * math.pi * i / count), 1),
             round(middle - radius * math.cos(2 * math.pi * i / count), 1)) for i in range(count)]


def _nodes() -> list[Drawn]:
    return [Drawn(str(number), x, y, "node") for number, (x, y) in enumerate(_ring(NODES, RADIUS), 1)]


def _shape(title: str, speakers: list[Drawn], sessions: list[tuple[Drawn, Drawn]]) -> Shape:
    return Shape(title, f"{NODES} nodes, {len(sessions)} sessions", tuple(speakers), tuple(sessions))


def _mesh() -> Shape:
    nodes = _nodes()
    return _shape("Mesh", nodes, list(combinations(nodes, 2)))


def _reflectors() -> Shape:
    nodes = _nodes()
    reflectors = [Drawn(name, x, SIZE / 2, "reflector") for name, x in (("rr1", SIZE / 2 - 22), ("rr2", SIZE / 2 + 22))]
    sessions = [(node, reflector) for node in nodes for reflector in reflectors]
    return _shape("Two reflectors", [*nodes, *reflectors], [*sessions, (reflectors[0], reflectors[1])])


def _racks() -> Shape:
    columns = [SIZE * (2 * rack + 1) / (2 * RACKS) for rack in range(RACKS)]
    routers = [Drawn(f"tor{rack + 1}", x, 70.0, "router") for rack, x in enumerate(columns)]
    nodes = [Drawn(str(2 * rack + place + 1), round(x + (place - 0.5) * 34, 1), 150.0, "node")
             for rack, x in enumerate(columns) for place in (0, 1)]
    own = [(node, routers[(int(node.name) - 1) // 2]) for node in nodes]
    return _shape("A router for each rack", [*nodes, *routers], [*own, *combinations(routers, 2)])
