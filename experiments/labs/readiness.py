"""Modes against labs and kernels: what is ready here, what is missing, and which one ``auto`` takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from experiments import catalog, paths
from experiments.catalog import pending
from experiments.errors import UserError
from experiments.labs import table
from experiments.labs.netns.needs_embedded import IN_CAPSULE, RELAY_IN_CAPSULE, features, packaged
from experiments.machine import Machine, Missing
from experiments.variant import CAPSULE, EMBEDDED, HOST, KERNELS

NO_RECIPE = Missing("a recipe", f"the mode is {pending.SOURCES_ONLY}", "CONTRIBUTING says what a recipe is: see \"A mode\".")


@dataclass(frozen=True)
class Readiness:
    """A mode in a lab on a kernel: ready, if nothing is missing."""

    mode: str
    lab: str
    kernel: str
    missing: tuple[Missing, ...]

    @property
    def ready(self) -> bool:
        """Whether the mode can be measured there."""
        return not self.missing


@dataclass(frozen=True)
class Choice:
    """Where an experiment runs, with the reason in a sentence."""

    lab: str
    kernel: str
    sentence: str


def readiness(name: str, machine: Machine) -> tuple[Readiness, ...]:
    """All places on a machine where a mode could run, lab by lab.

    Raises:
        UserError: there is no such mode.
    """
    mode = catalog.get(name)
    return tuple(Readiness(name, lab.name, kernel, (NO_RECIPE,) if mode.explained_only else lab.needs(mode, kernel, machine))
                 for lab in table.LABS.values() for kernel in lab.kernels)


def choose(
    mode: catalog.Mode, machine: Machine, lab: str = "auto", kernel: str = "auto", *, forced: bool = False,
    daemon: str | None = None,
) -> Choice:
    """Where to run a mode, as asked or by itself; ``forced``: in the capsule, even if that measures the capsule.

    Raises:
        UserError: what was asked for does not exist or is not ready; everything missing is listed, with its remedy.
    """
    places = readiness(mode.name, machine)
    if forced and kernel == CAPSULE:
        places = tuple(replace(p, missing=tuple(m for m in p.missing if m is not RELAY_IN_CAPSULE)) for p in places)
    if lab != "auto":
        table.get(lab)
    if kernel not in {"auto", *KERNELS}:
        raise UserError(f"Unknown kernel '{kernel}'.", f"Kernels: {', '.join(('auto', *KERNELS))}.")
    if daemon:
        lab = EMBEDDED if lab == "auto" else lab
        places = tuple(_with_upstream(mode, place, lab, machine) if place.lab == lab else place for place in places)
    wanted = [p for p in places if lab in ("auto", p.lab) and kernel in ("auto", p.kernel)]
    order = table.AUTOMATIC if lab == "auto" else (lab,)
    for name in order:
        for place in (p for p in wanted if p.lab == name and p.ready):
            return Choice(place.lab, place.kernel, _sentence(mode, place, places, machine, lab, kernel))
    raise _refusal(mode, [p for p in wanted if p.lab == order[-1]] or wanted, kernel)


def _refusal(mode: catalog.Mode, places: list[Readiness], kernel: str) -> UserError:
    """Everything that is missing, once, with what to do; for a kernel that nobody asked for, only where it could help."""
    if kernel == "auto" and len(places) > 1:
        # A relay is not meant for the capsule; and where the capsule was looked at too, it is no advice.
        places = [p for p in places if RELAY_IN_CAPSULE not in p.missing] or places
    unique = list(dict.fromkeys(m for p in places for m in p.missing))
    advice = dict.fromkeys(m.how for m in unique if not (m.how == IN_CAPSULE and len(places) > 1))
    return UserError(f"{mode.name} cannot run here: " + "; ".join(f"{m.what} ({m.why})" for m in unique) + ".",
                     " ".join(advice))


def require_upstream(mode: catalog.Mode, lab: str) -> catalog.Upstream:
    """Upstream's daemon of a mode, which can be started in the embedded lab.

    Raises:
        UserError: the mode has none that could run in place of ours, or the lab is another.
    """
    if mode.daemon is None:
        raise UserError(f"{mode.name} has no daemon of upstream's that could be run in place of ours.", "Leave --daemon out.")
    if not table.get(lab).upstream:
        raise UserError(f"--daemon upstream is for the embedded lab: in {lab}, the nodes would have to bring "
                        f"{mode.daemon.program} with them.", "Use --lab netns.")
    return mode.daemon


def _with_upstream(mode: catalog.Mode, place: Readiness, lab: str, machine: Machine) -> Readiness:
    """The same place, if upstream's daemon is to run there."""
    daemon = require_upstream(mode, lab)
    found = []
    if mode.architectures and machine.processor not in mode.architectures:
        found.append(Missing(f"a processor of the kind {', '.join(mode.architectures)}",
                             f"{daemon.program} has this mode for no other", "Leave --daemon out."))
    program = machine.program(daemon.program)
    if program is None:
        found.append(Missing(daemon.program, f"upstream's daemon of {mode.name}", daemon.install))
    found += [Missing(part, f"belongs to {daemon.program}", daemon.install)
              for part in (daemon.parts if program else ()) if paths.part(Path(program or "").resolve(), part) is None]
    found += packaged(daemon.needs.tools, machine)
    if place.kernel == HOST:
        found += features(mode, daemon.needs.kernel, machine)
    return replace(place, missing=(*place.missing, *found))


def _sentence(
    mode: catalog.Mode, place: Readiness, places: tuple[Readiness, ...], machine: Machine, lab: str, kernel: str
) -> str:
    carried = {HOST: "the host's kernel", CAPSULE: "the User-Mode Linux capsule's kernel"}
    what = table.get(place.lab).whose_kernel or carried[place.kernel]
    where = f"Lab: {place.lab}, on {what}"
    if lab != "auto" and kernel != "auto":
        return f"{where}, as asked."
    reasons = []
    if lab == "auto":
        for better in table.AUTOMATIC[:table.AUTOMATIC.index(place.lab)]:
            missing = next(p.missing for p in places if p.lab == better)
            # Who has installed its program may wonder why it was not taken; others have not asked.
            if missing and machine.program(better):
                reasons.append(f"{better} is not ready here (" + ", ".join(m.what for m in missing) + ")")
    if kernel == "auto" and place.kernel == CAPSULE:
        host = next(p for p in places if (p.lab, p.kernel) == (place.lab, HOST))
        reasons.append("the host's kernel cannot: " + "; ".join(m.what for m in host.missing))
    return f"{where}" + (": " + "; ".join(reasons) if reasons else "") + "."
