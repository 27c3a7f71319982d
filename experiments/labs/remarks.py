"""What somebody should know of a machine before anything else, a sentence each: kinds of machine that need another way."""

from __future__ import annotations

from collections.abc import Iterator

from experiments import catalog
from experiments.labs.netns.needs_embedded import capsule_possible
from experiments.machine import Machine
from experiments.machine.distribution import OLD_PYTHON
from experiments.machine.packages import TITLES, providing

LINUX = "run Podpath in a virtual machine with Linux, for example Debian 12 or Ubuntu 24.04"


def impossible(machine: Machine) -> str | None:
    """Why no lab at all can be made on a machine of this kind, with the way out; None if one can."""
    if machine.system == "Darwin":
        return f"This is macOS, and the labs are network namespaces, which only Linux has: {LINUX}."
    if machine.system != "Linux":
        return f"This is {machine.system}, and the labs are network namespaces, which only Linux has: {LINUX}."
    if machine.wsl == 1:
        return "This is WSL 1, which has no kernel of Linux's and no namespaces: `wsl --set-version NAME 2` makes it WSL 2."
    return None


def remarks(machine: Machine) -> list[str]:
    """All that is to be said of a machine; where no lab can be made, only that."""
    return [refusal] if (refusal := impossible(machine)) else list(_remarks(machine))


def _remarks(machine: Machine) -> Iterator[str]:
    where = machine.distribution
    if machine.wsl == 2:
        yield ("This is WSL 2: the labs run on its virtual machine's kernel, and what is measured is that machine; what that "
               "kernel lacks, the capsule has.")
    if old := OLD_PYTHON.get((where.id, where.version)):
        yield f"{where.title} comes with Python {old[0]}, and Podpath needs 3.11 or newer: {old[1]}."
    if not capsule_possible(machine):
        yield _without_capsule(machine)
    if machine.rootless_docker():
        yield ("Docker is rootless here, where links cannot be put between its containers: the labs containerlab and kind want "
               "the system's Docker (`docker context use default`), the embedded lab wants none.")


def _without_capsule(machine: Machine) -> str:
    """What it means that there is no User-Mode Linux to be had."""
    package = providing("linux.uml")
    assert package is not None
    built = package.built_for(machine.processor)
    who = TITLES.get(machine.distribution.family, machine.distribution.title)
    what = f"{who} has no package of User-Mode Linux" if built else f"User-Mode Linux is not made for {machine.processor}"
    special = {name: [feature for feature in mode.needs.kernel if feature in ("ipip", "openvswitch")]
               for name, mode in catalog.load().items() if not mode.relay}
    special = {name: wanted for name, wanted in special.items() if wanted}
    if not all(machine.can_tell(feature) for wanted in special.values() for feature in wanted):
        needs = ", ".join(f"{name} wants {', '.join(wanted)}" for name, wanted in special.items())
        return f"{what}: a mode runs here only if this machine's own kernel has what it needs ({needs})."
    lacking = {name: [f for f in wanted if machine.feature(f)] for name, wanted in special.items()}
    refused = [f"{name} ({', '.join(wanted)})" for name, wanted in lacking.items() if wanted]
    if not refused:
        return f"{what}; this machine's own kernel has what the modes need."
    return f"{what}, and this machine's kernel lacks what these modes need: {', '.join(refused)}."
