"""Which packages a machine wants for a purpose: there, missing, or not to be had; pure, from a snapshot."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from experiments.machine.packages import PACKAGES, TITLES, Package, Purpose
from experiments.machine.snapshot import Machine

State = Literal["there", "missing", "left out"]


@dataclass(frozen=True)
class Item:
    """A package as a machine's distribution names it, and how it stands; ``note`` says why it is left out."""

    package: Package
    name: str
    state: State
    note: str = ""


def items(machine: Machine, purposes: Collection[Purpose], tools: Collection[str] | None = None) -> tuple[Item, ...]:
    """The packages for the purposes; of those for the labs only what brings one of ``tools``, if they are given."""
    wanted = (package for package in PACKAGES if package.wanted_for in purposes)
    needed = (p for p in wanted if p.wanted_for != "lab" or tools is None or not set(p.programs).isdisjoint(tools))
    return _whole(_item(machine, package) for package in needed)


def _item(machine: Machine, package: Package) -> Item:
    where = machine.distribution
    name = package.name(where)
    if package.there(machine):
        return Item(package, name or package.debian, "there")
    if not package.built_for(machine.processor):
        return Item(package, package.debian, "left out", f"it is not made for {machine.processor}")
    if not name:
        note = f"{TITLES.get(where.family, where.title)} has no package of it. {package.by_hand}".rstrip(". ")
        return Item(package, package.debian, "left out", note)
    return Item(package, name, "missing")


def resolved(found: Iterable[Item], known: Collection[str]) -> tuple[Item, ...]:
    """The same by what apt really has: another name where it has dropped the first, else left out."""
    return _whole(_resolved(item, known) for item in found)


def _whole(found: Iterable[Item]) -> tuple[Item, ...]:
    """Without the rest of the capsule's packages where its kernel is not to be had."""
    found = tuple(found)
    if all(item.state != "left out" for item in found if item.package.wanted_for == "capsule"):
        return found
    return tuple(item for item in found if item.package.wanted_for != "capsule" or item.state != "missing")


def _resolved(item: Item, known: Collection[str]) -> Item:
    if item.state != "missing" or item.name in known:
        return item
    if item.package.otherwise in known:
        return Item(item.package, item.package.otherwise, "missing")
    note = f"apt knows no package of this name. {item.package.by_hand}".rstrip(". ")
    return Item(item.package, item.name, "left out", note)
