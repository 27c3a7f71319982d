"""What the attestation saw of the kernel's tables, routes, neighbours and FDB entries, as sets that can be compared. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from experiments.results.model import ModeResult

MAC = re.compile(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b")
# Commands of the attestation that print such a table.
_TABLES = (("routes", "ip -json route show "), ("neighbours", "ip -json neighbor show "),
           ("FDB entries", "bridge -json fdb show "))


@dataclass(frozen=True)
class Sets:
    """Two sets of words: what both have, and what only one has."""

    both: frozenset[str] = frozenset()
    only_ours: frozenset[str] = frozenset()
    only_theirs: frozenset[str] = frozenset()

    @property
    def same(self) -> bool:
        """Whether neither has what the other lacks."""
        return not self.only_ours and not self.only_theirs


def sets(ours: Iterable[str], theirs: Iterable[str]) -> Sets:
    """Two collections of words, taken apart."""
    a, b = frozenset(ours), frozenset(theirs)
    return Sets(a & b, a - b, b - a)


def compare_tables(ours: ModeResult, theirs: ModeResult) -> dict[str, Sets]:
    """Routes, neighbours and FDB entries, as the same commands printed them at the same places in each first deployment."""
    a, b = _printed(ours), _printed(theirs)
    found: dict[str, Sets] = {}
    for kind, _ in _TABLES:
        asked = [key for key in a if key[0] == kind and key in b]
        if asked:
            found[kind] = sets(*({f"{key[1]}: {entry}" for key in asked for entry in side[key]} for side in (a, b)))
    return found


def _printed(result: ModeResult) -> dict[tuple[str, str, str], set[str]]:
    """(kind, place, command) -> entries; an output that was shortened, or is none, is left out."""
    found: dict[tuple[str, str, str], set[str]] = {}
    names: dict[str, str] = {}  # MAC address -> whose it is, by the neighbour tables
    read = []
    for step in result.transcript:
        kind = next((kind for kind, begins in _TABLES if step.command.startswith(begins)), "")
        if not kind or step.phase != "attest":
            continue
        try:
            entries = json.loads(step.output or "[]")
        except (ValueError, RecursionError):
            continue
        if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):
            read.append(((kind, step.at, step.command), entries))
            names |= {str(entry["lladdr"]): f"MAC of {entry.get('dst')}" for entry in entries if "lladdr" in entry}
    for key, entries in read:
        said = {", ".join(f"{name} {_plain(value)}" for name, value in sorted(entry.items())) for entry in entries}
        found.setdefault(key, set()).update(MAC.sub(lambda mac: names.get(mac[0], "a MAC address"), one) for one in said)
    return found


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
