"""Modes against labs and kernels: what is ready here, what is missing, and which one ``auto`` takes."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from experiments import catalog
from experiments.errors import UserError
from experiments.labs.capsule import without_xstate
from experiments.labs.containerlab import lab_image
from experiments.preflight import containers, kubernetes, probes
from experiments.preflight.missing import Missing
from experiments.preflight.packages import PACKAGES, providing

LAB_TOOLS = ("unshare", "nsenter", "setpriv", "ip", "tc", "ss", "sysctl", "ping", "iperf3", "sockperf", "ethtool")

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


def readiness(name: str) -> tuple[Readiness, ...]:
    """All places where a mode could run: the embedded lab on both kernels, then the labs with containers.

    Raises:
        UserError: there is no such mode.
    """
    mode = catalog.get(name)
    return (
        Readiness(name, "netns", "host", _on_host(mode)),
        Readiness(name, "netns", "uml", _in_capsule(mode)),
        Readiness(name, "containerlab", "host", _containerlab(mode)),
        Readiness(name, "containerlab", "uml", _containerlab_in_capsule(mode)),
        Readiness(name, "kind", "host", kubernetes.kind(mode)),
        Readiness(name, "cluster", "host", kubernetes.cluster()),
    )


def choose(
    mode: catalog.Mode, lab: str = "auto", kernel: str = "auto", *, forced: bool = False, daemon: str | None = None
) -> Choice:
    """Where to run a mode, as asked or by itself; ``forced``: in the capsule, even if that measures the capsule.

    Raises:
        UserError: what was asked for does not exist or is not ready; everything missing is listed, with its remedy.
    """
    places = readiness(mode.name)
    if forced and kernel == "uml":
        places = tuple(replace(p, missing=tuple(m for m in p.missing if m is not RELAY_IN_CAPSULE)) for p in places)
    if lab not in {"auto", *(place.lab for place in places)}:
        raise UserError(f"Unknown lab '{lab}'.", "Labs: auto, netns, containerlab, kind, cluster.")
    if kernel not in {"auto", "host", "uml"}:
        raise UserError(f"Unknown kernel '{kernel}'.", "Kernels: auto, host, uml.")
    if daemon:
        lab = "netns" if lab == "auto" else lab
        places = tuple(_with_upstream(mode, place, lab) if place.lab == lab else place for place in places)
    wanted = [p for p in places if lab in ("auto", p.lab) and kernel in ("auto", p.kernel)]
    # The real thing first where it is ready: kind, else the embedded lab. A cluster is somebody's: never without being asked.
    order = ("kind", "netns") if lab == "auto" else (lab,)
    for name in order:
        for place in (p for p in wanted if p.lab == name and p.ready):
            return Choice(place.lab, place.kernel, _sentence(mode, place, places, lab, kernel))
    listed = [m for p in wanted if p.lab == order[-1] for m in p.missing] or [m for p in wanted for m in p.missing]
    unique = list(dict.fromkeys(listed))
    raise UserError(
        f"{mode.name} cannot run here: " + "; ".join(f"{m.what} ({m.why})" for m in unique) + ".",
        "; ".join(dict.fromkeys(m.how for m in unique)),
    )


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


def _with_upstream(mode: catalog.Mode, place: Readiness, lab: str) -> Readiness:
    """The same place, if upstream's daemon is to run there."""
    daemon = require_upstream(mode, lab)
    found = []
    if mode.architectures and probes.processor() not in mode.architectures:
        found.append(Missing(f"a processor of the kind {', '.join(mode.architectures)}",
                             f"{daemon.program} has this mode for no other", "Leave --daemon out."))
    if probes.program(daemon.program) is None:
        found.append(Missing(daemon.program, f"upstream's daemon of {mode.name}", daemon.install))
    found += _packaged(daemon.needs.tools)
    if place.kernel == "host":
        found += _features(daemon.needs.kernel)
    return replace(place, missing=(*place.missing, *found))


def _sentence(mode: catalog.Mode, place: Readiness, places: tuple[Readiness, ...], lab: str, kernel: str) -> str:
    what = {"host": "the host's kernel", "uml": "the User-Mode Linux capsule's kernel"}[place.kernel]
    if place.lab == "cluster":
        what = "its nodes' own kernels"
    where = f"Lab: {place.lab}, on {what}"
    if lab != "auto" and kernel != "auto":
        return f"{where}, as asked."
    reasons = []
    if lab == "auto" and place.lab == "netns":
        kind = next(p for p in places if p.lab == "kind")
        if kind.missing:
            reasons.append("kind is not ready here (" + ", ".join(m.what for m in kind.missing) + ")")
    if kernel == "auto" and place.kernel == "uml":
        host = next(p for p in places if (p.lab, p.kernel) == ("netns", "host"))
        reasons.append("the host's kernel cannot: " + "; ".join(m.what for m in host.missing))
    return f"{where}" + (": " + "; ".join(reasons) if reasons else "") + "."


def _on_host(mode: catalog.Mode) -> tuple[Missing, ...]:
    if platform.system() != "Linux":
        return (Missing("Linux", "network namespaces exist only there", "Run it on Linux, or in a virtual machine."),)
    found = _tools(mode)
    if refused := probes.user_namespaces():
        return (*found, Missing("user namespaces", "the lab's nodes are namespaces", refused))
    return (*found, *_features(mode.needs.kernel))


def _features(wanted: Iterable[str]) -> Iterator[Missing]:
    for feature in wanted:
        if refused := probes.feature(feature):
            how = "Run `invoke setup`: it makes the device usable." if feature == "tun" else "Use --kernel uml."
            yield Missing(f"kernel feature {feature}", refused, how)


def _in_capsule(mode: catalog.Mode) -> tuple[Missing, ...]:
    found = ((RELAY_IN_CAPSULE,) if mode.relay else ()) + _tools(mode)
    for package in (package for package in PACKAGES if package.wanted_for == "capsule"):
        for tool in (tool for tool in package.programs if probes.program(tool) is None):
            found = (*found, Missing(tool, package.why, f"Run `invoke setup` (Debian package {package.debian})."))
    return found


def _tools(mode: catalog.Mode) -> tuple[Missing, ...]:
    return tuple(_packaged(dict.fromkeys((*LAB_TOOLS, *mode.needs.tools))))


def _packaged(tools: Iterable[str]) -> Iterator[Missing]:
    for tool in tools:
        if probes.program(tool) is None:
            package = providing(tool)
            name = f" (Debian package {package.debian})" if package else ""
            how = f"Run `invoke setup`{name}."
            if package and package.wanted_for == "upstream":
                how = f"Install the Debian package {package.debian}; if it starts a service, the labs do not need that."
            yield Missing(tool, package.why if package else "a tool of the lab", how)


def _containerlab(mode: catalog.Mode) -> tuple[Missing, ...]:
    """Everything at once, so that nobody installs one thing after the other."""
    found = [*containers.tools("the containerlab lab is built with it"), *containers.machine(), *containers.docker()]
    for feature in mode.needs.kernel:
        if refused := probes.feature(feature):
            how = f"Load its module (`modprobe {feature}`), or use another kernel."
            found.append(Missing(f"kernel feature {feature}", refused, how))
    return tuple(found)


def _containerlab_in_capsule(mode: catalog.Mode) -> tuple[Missing, ...]:
    """For machines whose own kernel cannot: Docker and containerlab on the capsule's."""
    found = [*_in_capsule(mode)]
    if without_xstate.needed():
        found.append(AMX)
    found += containers.tools("containerlab in the capsule is built with it", "dockerd")
    if not lab_image.archive().is_file():
        found.append(Missing("the lab's image as an archive", f"{lab_image.archive()} is not there",
                             "Run `invoke setup --image`."))
    return tuple(found)
