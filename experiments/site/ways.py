"""The three ways that a packet can go between two nodes, and which modes go each: the first picture that a reader sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.catalog import Mode
from experiments.site import stacks
from experiments.site.mode_pages import in_order

PACKET_UNITS = 86.0  # width of the packet on the drawing's wire
# (a process handles the packet, something is put around it) -> the way's title, and what happens
WAYS = {
    (False, False): ("Left alone", "The nodes route it like any other packet. Somebody has to tell them, and the network "
                                   "between them, where the pods are."),
    (False, True): ("Wrapped by the kernel", "The network sees a packet between two nodes; the pod's own packet travels "
                                             "inside."),
    (True, True): ("Wrapped by a process", "The same, but on both nodes each packet leaves the kernel for a process and "
                                           "comes back."),
}


@dataclass(frozen=True)
class Way:
    """One way, the modes that go it, and the headers of one of their packets, to scale."""

    title: str
    about: str
    process: bool
    modes: tuple[Mode, ...]
    example: Mode
    blocks: tuple[stacks.Block, ...]


def ways(modes: Iterable[Mode]) -> list[Way]:
    """The ways that at least one mode goes; the example is the mode with the most headers."""
    everything = in_order(modes)
    found = []
    most = max((sum(h.bytes for h in mode.headers) for mode in everything), default=1)
    for (process, wrapped), (title, about) in WAYS.items():
        own = tuple(m for m in everything if (m.relay, bool(m.overhead_bytes)) == (process, wrapped))
        if own:
            example = max(own, key=lambda mode: mode.overhead_bytes)
            scale = (PACKET_UNITS - stacks.PAYLOAD_UNITS) / most
            found.append(Way(title, about, process, own, example, stacks.declared(example, scale)))
    return found
