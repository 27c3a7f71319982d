"""Header stacks as blocks to scale: of a hop on a mode's path, and of each mode between the nodes. Pure; units of drawings."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from experiments.catalog import DeclaredHeader, Mode, limits
from experiments.catalog.rules import HEADER_BYTES
from experiments.results import words

PAYLOAD_UNITS = 16  # the payload is cut to this: to scale it would be fifteen times as wide as all headers

# The first word of a header in a hop's stack, and the layer it names.
LAYERS = {"ethernet": "ethernet", "ip": "ipv4", "udp": "udp", "vxlan": "vxlan", "sleeve": "sleeve", "tcp": "tcp"}
NAMES = {"ethernet": "Ethernet", "ipv4": "IPv4", "udp": "UDP", "vxlan": "VXLAN", "sleeve": "Weave's sleeve",
         "sealed": "Weave's sleeve, sealed", "tcp": "TCP", "other": "other"}


@dataclass(frozen=True)
class Block:
    """One header of a stack: its layer, its words, and where it stands in the drawing of the stack (units)."""

    layer: str
    title: str
    bytes: int
    x: float
    width: float
    outer: bool  # of the network between the nodes, not of the pods


def stack(mode: Mode, headers: str, scale: float, payload: float = PAYLOAD_UNITS) -> tuple[Block, ...]:
    """The blocks of a stack as ``mode.yml`` writes it, ``scale`` units a byte, and a cut payload where it has a width."""
    titles = [title.strip() for title in headers.split("|") if title.strip()]
    layers = [_layer(title) for title in titles]
    sizes: dict[str, int] = {str(layer): size for layer, size in HEADER_BYTES.items()}
    sizes |= {header.layer: header.bytes for header in reversed(mode.headers)}
    wrapping = _wrapping(layers)
    blocks: list[Block] = []
    x = 0.0
    for place, (title, layer) in enumerate(zip(titles, layers, strict=True)):
        size = sizes.get(layer, 0)
        blocks.append(Block(layer, title, size, round(x, 1), round(size * scale, 1), place < wrapping))
        x += size * scale
    if payload:
        blocks.append(Block("payload", "payload", 0, round(x, 1), payload, False))
    return tuple(blocks)


def _wrapping(layers: Sequence[str]) -> int:
    """How many headers of a stack are wrapped around what the pod sent; none where only a frame carries its packet."""
    inner = max((place for place, layer in enumerate(layers) if layer == "ipv4"), default=0)
    if inner > 1 and layers[inner - 1] == "ethernet":
        inner -= 1
    return inner if any(layer != "ethernet" for layer in layers[:inner]) else 0


def _layer(title: str) -> str:
    return LAYERS.get(title.split()[0].lower(), "other")


def largest(mode: Mode) -> int:
    """Bytes of the largest stack on the path."""
    return max(sum(block.bytes for block in stack(mode, hop.headers, 1)) for hop in mode.path) or 1


def legend(mode: Mode) -> Mapping[str, str]:
    """The layers on a mode's path and how each is called."""
    return _names({block.layer for hop in mode.path for block in stack(mode, hop.headers, 1, payload=0)})


def named(stacks: Iterable[Iterable[DeclaredHeader]]) -> Mapping[str, str]:
    """The layers of declared stacks and how each is called."""
    return _names({header.layer for headers in stacks for header in headers})


def _names(layers: Container[str]) -> Mapping[str, str]:
    return {layer: name for layer, name in NAMES.items() if layer in layers}


# -- all modes ------------------------------------------------------------------------------------------------------

# Relatives of a mode that no lab builds: their headers are that mode's, as docs/encapsulation.md shows from sources.
RELATIVES = (("Calico VXLAN", "flannel-vxlan"), ("Flannel host-gw", "calico-bgp"))


@dataclass(frozen=True)
class Whole:
    """A full-size packet on the wire, byte by byte: its headers, its payload, and what the underlay's MTU leaves unused."""

    title: str
    page: str  # of the mode, or of the mode that it is a variant of; empty for a relative
    like: str  # whose headers these are, for a relative
    captured: bool
    blocks: tuple[Block, ...]
    unused_bytes: int
    line: limits.Limit

    @property
    def frame_bytes(self) -> int:
        """The longest frame that the underlay carries, whether or not this packet fills it."""
        return sum(block.bytes for block in self.blocks) + self.unused_bytes

    @property
    def percent(self) -> str:
        """The share of the wire that is payload."""
        return words.figures(100 * self.line.efficiency)


def wholes(modes: Iterable[Mode], captured: Container[str]) -> list[Whole]:
    """The packets of all modes and of the relatives, the most payload first; ``captured``: what a result shows."""
    by_name = {mode.name: mode for mode in modes}
    found = [_whole(mode, mode.short_title, name in captured) for name, mode in by_name.items()]
    found += [_whole(by_name[name], title, False, like=by_name[name].short_title)
              for title, name in RELATIVES if name in by_name]
    return sorted(found, key=lambda one: (-one.line.efficiency, bool(one.like)))


def declared(mode: Mode, scale: float, payload: float = PAYLOAD_UNITS) -> tuple[Block, ...]:
    """The headers that ``mode.yml`` declares between the nodes, ``scale`` units a byte, and a payload of that width."""
    wrapping = _wrapping([header.layer for header in mode.headers])
    blocks, x = [], 0.0
    for place, header in enumerate(mode.headers):
        width = header.bytes * scale
        blocks.append(Block(header.layer, header.title, header.bytes, round(x, 1), round(width, 1), place < wrapping))
        x += width
    return (*blocks, Block("payload", "payload", 0, round(x, 1), payload, False))


def _whole(mode: Mode, title: str, captured: bool, like: str = "") -> Whole:
    line = limits.limit(mode)
    blocks = declared(mode, 1, payload=line.payload_bytes)
    page = "" if like else f"modes/{mode.variant_of or mode.name}.html"
    return Whole(title, page, like, captured, (*blocks[:-1], replace(blocks[-1], bytes=line.payload_bytes)),
                 mode.mtu.underlay_bytes - line.underlay_length_bytes, line)
