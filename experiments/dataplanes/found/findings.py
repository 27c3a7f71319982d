"""What was seen, as findings: each leaves some values of a feature possible, and together they leave fewer.

A feature is something in which modes differ (``encapsulation``, ``peers``, ``route`` …). A finding with no values is a note,
or says that something is not visible: it excludes nothing. What is missing can therefore only leave more possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# From what was meant to what is: the layers in which evidence is looked for.
OBJECTS, NOTES, DAEMON_SETS = "objects", "annotations", "daemon sets"
LINKS, ROUTES, ENTRIES, PROCESSES, SOCKETS = "links", "routes", "forwarding entries", "processes", "sockets"
KERNEL = (LINKS, ROUTES, ENTRIES, PROCESSES, SOCKETS)  # seen on the nodes themselves
LAYERS = (OBJECTS, NOTES, DAEMON_SETS, *KERNEL)
CLUSTER = "cluster"
NOT_VISIBLE = "not visible"
LONGEST = 300  # of one finding's words; a cluster may say anything


@dataclass(frozen=True)
class Finding:
    """What one layer shows: ``values`` of ``feature`` that are possible by it; empty for what decides nothing."""

    layer: str
    at: str  # CLUSTER, or a node
    said: str
    feature: str = ""
    values: frozenset[str] = frozenset()

    @property
    def decides(self) -> bool:
        """Whether it excludes anything."""
        return bool(self.feature and self.values)

    def allows(self, wanted: Mapping[str, str]) -> bool | None:
        """Whether it is for (True) or against (False) something with these features; None where it says nothing of it."""
        if not self.decides or self.feature not in wanted:
            return None
        return wanted[self.feature] in self.values


def found(layer: str, at: str, said: str, feature: str, *values: str) -> Finding:
    """A finding that leaves these values possible."""
    return Finding(layer, at, said[:LONGEST], feature, frozenset(values))


def note(layer: str, at: str, said: str) -> Finding:
    """What was seen and decides nothing."""
    return Finding(layer, at, said[:LONGEST])


def hidden(layer: str, at: str, what: str, why: str = "") -> Finding:
    """What could not be seen."""
    return Finding(layer, at, f"{NOT_VISIBLE}: {what}{f' ({why})' if why else ''}"[:LONGEST])


def narrowed(findings: Iterable[Finding]) -> dict[str, frozenset[str]]:
    """What is left of each feature; an empty set where findings contradict each other."""
    left: dict[str, frozenset[str]] = {}
    for one in findings:
        if one.decides:
            left[one.feature] = left.get(one.feature, one.values) & one.values
    return left
