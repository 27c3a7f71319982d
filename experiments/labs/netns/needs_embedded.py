"""What the embedded lab needs of a machine: tools and namespaces, and the host's kernel or User-Mode Linux."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from experiments.catalog import Mode
from experiments.machine import Machine, Missing
from experiments.machine.features import FEATURES
from experiments.machine.packages import PACKAGES, providing, remedy

LAB_TOOLS = ("unshare", "nsenter", "setpriv", "ip", "tc", "ss", "sysctl", "ping", "iperf3", "sockperf", "ethtool")
IN_CAPSULE = "Use --kernel uml."
RELAY_IN_CAPSULE = Missing(
    "the host's kernel", "a relay in user space, measured in User-Mode Linux, measures User-Mode Linux, where each system "
    "call takes several times as long", "Use --kernel host, or --kernel uml --force.",
)


def on_host(mode: Mode, machine: Machine) -> tuple[Missing, ...]:
    """Return what the embedded lab lacks for a mode on the host's kernel."""
    if machine.system != "Linux":
        return (Missing("Linux", "network namespaces exist only there", "Run it on Linux, or in a virtual machine."),)
    if refused := _no_namespaces(machine):
        return (*_tools(mode, machine), *refused)
    return (*_tools(mode, machine), *features(mode, mode.needs.kernel, machine))


def _no_namespaces(machine: Machine) -> tuple[Missing, ...]:
    """Private namespaces hold the embedded lab, and the capsule too. That ``unshare`` is missing is said among the tools."""
    if machine.program("unshare") is None:
        return ()
    refused = machine.user_namespaces()
    return (Missing("user namespaces", "the lab's nodes are namespaces", refused),) if refused else ()


def features(mode: Mode, wanted: Iterable[str], machine: Machine) -> Iterator[Missing]:
    """What the host's kernel lacks, as far as it can be asked: a tool that is missing is said among the tools."""
    for feature in wanted:
        if machine.can_tell(feature) and (refused := machine.feature(feature)):
            yield Missing(f"kernel feature {feature}", refused, _how(mode, feature, machine))


def _how(mode: Mode, feature: str, machine: Machine) -> str:
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


def in_capsule(mode: Mode, machine: Machine) -> tuple[Missing, ...]:
    """Return what the embedded lab lacks for a mode in the capsule."""
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


def _tools(mode: Mode, machine: Machine) -> tuple[Missing, ...]:
    return tuple(packaged(dict.fromkeys((*LAB_TOOLS, *mode.needs.tools)), machine))


def packaged(tools: Iterable[str], machine: Machine) -> Iterator[Missing]:
    """Yield the tools that are not installed."""
    for tool in tools:
        if machine.program(tool) is None:
            package = providing(tool)
            yield Missing(tool, package.why if package else "a tool of the lab", remedy(tool, machine))
