"""Modes against labs and kernels: what is ready here, what is missing, and which one ``auto`` takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from experiments import catalog
from experiments.errors import UserError
from experiments.labs import needs_containers as containers
from experiments.labs import needs_kubernetes
from experiments.labs.capsule import without_xstate
from experiments.labs.containerlab import lab_image
from experiments.machine import Machine, Missing
from experiments.machine.features import FEATURES
from experiments.machine.packages import PACKAGES, providing, remedy

LAB_TOOLS = ("unshare", "nsenter", "setpriv", "ip", "tc", "ss", "sysctl", "ping", "iperf3", "sockperf", "ethtool")

CPU = "proc/cpuinfo"
IN_CAPSULE = "Use --kernel uml."
RELAY_IN_CAPSULE = Missing(
    "the host's kernel", "a relay in user space, measured in User-Mode Linux, measures User-Mode Linux, where each system "
    "call takes several times as long", "Use --kernel host, or --kernel uml --force.",
)
AMX = Missing(
    "a processor without AMX", "User-Mode Linux cannot hold its registers, and Docker does not hand on to a container's first "
    "process what keeps programs off AVX: where it was tried, that process crashed", "Use --lab netns, or another machine.",
)


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
    """All places on a machine where a mode could run: the embedded lab on both kernels, then the labs with containers.

    Raises:
        UserError: there is no such mode.
    """
    mode = catalog.get(name)
    return (
        Readiness(name, "netns", "host", _on_host(mode, machine)),
        Readiness(name, "netns", "uml", _in_capsule(mode, machine)),
        Readiness(name, "containerlab", "host", _containerlab(mode, machine)),
        Readiness(name, "containerlab", "uml", _containerlab_in_capsule(mode, machine)),
        Readiness(name, "kind", "host", needs_kubernetes.kind(mode, machine)),
        Readiness(name, "cluster", "host", needs_kubernetes.cluster(machine)),
    )


def choose(
    mode: catalog.Mode, machine: Machine, lab: str = "auto", kernel: str = "auto", *, forced: bool = False,
    daemon: str | None = None,
) -> Choice:
    """Where to run a mode, as asked or by itself; ``forced``: in the capsule, even if that measures the capsule.

    Raises:
        UserError: what was asked for does not exist or is not ready; everything missing is listed, with its remedy.
    """
    places = readiness(mode.name, machine)
    if forced and kernel == "uml":
        places = tuple(replace(p, missing=tuple(m for m in p.missing if m is not RELAY_IN_CAPSULE)) for p in places)
    if lab not in {"auto", *(place.lab for place in places)}:
        raise UserError(f"Unknown lab '{lab}'.", "Labs: auto, netns, containerlab, kind, cluster.")
    if kernel not in {"auto", "host", "uml"}:
        raise UserError(f"Unknown kernel '{kernel}'.", "Kernels: auto, host, uml.")
    if daemon:
        lab = "netns" if lab == "auto" else lab
        places = tuple(_with_upstream(mode, place, lab, machine) if place.lab == lab else place for place in places)
    wanted = [p for p in places if lab in ("auto", p.lab) and kernel in ("auto", p.kernel)]
    # The real thing first where it is ready: kind, else the embedded lab. A cluster is somebody's: never without being asked.
    order = ("kind", "netns") if lab == "auto" else (lab,)
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
        raise UserError(f"{mode.name} has no daemon of upstream's that could replace one of ours: its routing daemon is real "
                        "anyway (BIRD), and the kernel carries its packets.", "Leave --daemon out.")
    if lab != "netns":
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
    if machine.program(daemon.program) is None:
        found.append(Missing(daemon.program, f"upstream's daemon of {mode.name}", daemon.install))
    found += _packaged(daemon.needs.tools, machine)
    if place.kernel == "host":
        found += _features(mode, daemon.needs.kernel, machine)
    return replace(place, missing=(*place.missing, *found))


def _sentence(
    mode: catalog.Mode, place: Readiness, places: tuple[Readiness, ...], machine: Machine, lab: str, kernel: str
) -> str:
    what = {"host": "the host's kernel", "uml": "the User-Mode Linux capsule's kernel"}[place.kernel]
    if place.lab == "cluster":
        what = "its nodes' own kernels"
    where = f"Lab: {place.lab}, on {what}"
    if lab != "auto" and kernel != "auto":
        return f"{where}, as asked."
    reasons = []
    # Who has installed kind may wonder why it was not taken; others have not asked.
    if lab == "auto" and place.lab == "netns" and machine.program("kind"):
        kind = next(p for p in places if p.lab == "kind")
        if kind.missing:
            reasons.append("kind is not ready here (" + ", ".join(m.what for m in kind.missing) + ")")
    if kernel == "auto" and place.kernel == "uml":
        host = next(p for p in places if (p.lab, p.kernel) == ("netns", "host"))
        reasons.append("the host's kernel cannot: " + "; ".join(m.what for m in host.missing))
    return f"{where}" + (": " + "; ".join(reasons) if reasons else "") + "."


def _on_host(mode: catalog.Mode, machine: Machine) -> tuple[Missing, ...]:
    if machine.system != "Linux":
        return (Missing("Linux", "network namespaces exist only there", "Run it on Linux, or in a virtual machine."),)
    if refused := _no_namespaces(machine):
        return (*_tools(mode, machine), *refused)
    return (*_tools(mode, machine), *_features(mode, mode.needs.kernel, machine))


def _no_namespaces(machine: Machine) -> tuple[Missing, ...]:
    """Private namespaces hold the embedded lab, and the capsule too. That ``unshare`` is missing is said among the tools."""
    if machine.program("unshare") is None:
        return ()
    refused = machine.user_namespaces()
    return (Missing("user namespaces", "the lab's nodes are namespaces", refused),) if refused else ()


def _features(mode: catalog.Mode, wanted: Iterable[str], machine: Machine) -> Iterator[Missing]:
    """What the host's kernel lacks, as far as it can be asked: a tool that is missing is said among the tools."""
    for feature in wanted:
        if machine.can_tell(feature) and (refused := machine.feature(feature)):
            yield Missing(f"kernel feature {feature}", refused, _how(mode, feature, machine))


def _how(mode: catalog.Mode, feature: str, machine: Machine) -> str:
    """What to do about a feature that the host's kernel lacks."""
    if feature == "tun":
        return "Run `invoke setup`: it makes the device usable."
    if not mode.relay and capsule_possible(machine):
        return IN_CAPSULE
    return FEATURES[feature].how


def capsule_possible(machine: Machine) -> bool:
    """Whether User-Mode Linux is there, or can be had for this processor and distribution."""
    package = providing("linux.uml")
    return machine.program("linux.uml") is not None or (
        package is not None and package.built_for(machine.processor) and bool(package.name(machine.distribution)))


def _in_capsule(mode: catalog.Mode, machine: Machine) -> tuple[Missing, ...]:
    if machine.system != "Linux":
        return (Missing("Linux", "User-Mode Linux is a program of Linux", "Run it on Linux, or in a virtual machine."),)
    found = [*((RELAY_IN_CAPSULE,) if mode.relay else ()), *_tools(mode, machine), *_no_namespaces(machine)]
    for package in (package for package in PACKAGES if package.wanted_for == "capsule"):
        if not package.built_for(machine.processor):
            found.append(Missing(f"a processor of {' or '.join(package.processors)}",
                                 f"User-Mode Linux is built for no other, and this one is {machine.processor}",
                                 "Use --lab netns --kernel host where that is ready, or another machine."))
            continue
        found += [Missing(tool, package.why, remedy(tool, machine))
                  for tool in package.programs if machine.program(tool) is None]
    return tuple(found)


def _tools(mode: catalog.Mode, machine: Machine) -> tuple[Missing, ...]:
    return tuple(_packaged(dict.fromkeys((*LAB_TOOLS, *mode.needs.tools)), machine))


def _packaged(tools: Iterable[str], machine: Machine) -> Iterator[Missing]:
    for tool in tools:
        if machine.program(tool) is None:
            package = providing(tool)
            yield Missing(tool, package.why if package else "a tool of the lab", remedy(tool, machine))


def _containerlab(mode: catalog.Mode, machine: Machine) -> tuple[Missing, ...]:
    """Everything at once, so that nobody installs one thing after the other."""
    if machine.system != "Linux":
        return (Missing("Linux", "containerlab makes links in this machine's kernel", "Run it in a virtual machine."),)
    if machine.rootless_docker():
        return (containers.ROOTLESS,)
    return (*containers.tools(machine, "the containerlab lab is built with it"), *containers.host(machine),
            *containers.docker(machine), *containers.features(machine, list(mode.needs.kernel)))


def _containerlab_in_capsule(mode: catalog.Mode, machine: Machine) -> tuple[Missing, ...]:
    """For machines whose own kernel cannot: Docker and containerlab on the capsule's."""
    found = [*_in_capsule(mode, machine)]
    if machine.system != "Linux":
        return tuple(found)
    if machine.has(CPU) and without_xstate.needed(machine.files / CPU):
        found.append(AMX)
    found += containers.tools(machine, "containerlab in the capsule is built with it", "dockerd")
    if not lab_image.archive().is_file():
        found.append(Missing("the lab's image as an archive", f"{lab_image.archive()} is not there",
                             "Run `invoke setup --image`."))
    return tuple(found)
