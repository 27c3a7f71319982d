"""``invoke setup``: the packages that the labs need; says what and why, and installs no more than what is asked for."""

from __future__ import annotations

import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterable

from experiments import catalog
from experiments.catalog import Mode
from experiments.cli.progress import console
from experiments.errors import ExperimentFailed, UserError
from experiments.labs.containerlab import lab_image
from experiments.labs.netns.needs_embedded import LAB_TOOLS
from experiments.labs.remarks import impossible, remarks
from experiments.machine import Machine, look
from experiments.machine.apt import INSTALL, Apt, failure
from experiments.machine.packages import INSTALL as BY_HAND
from experiments.machine.packages import TITLES, Purpose
from experiments.machine.wanted import Item, items, resolved

TUN = "dev/net/tun"
TUN_MODE = 0o666  # as udev makes it (systemd's 50-udev-default.rules); making a device still needs CAP_NET_ADMIN
Outcome = tuple[Item, str]


def run_setup(
    *, dry_run: bool = False, tests: bool = False, image: bool = False, mode: str = "", verbose: bool = False,
    machine: Machine | None = None,
) -> None:
    """Install what is missing with apt-get; elsewhere name the packages and install nothing.

    ``mode``: only what this one needs; ``image``: also make the containerlab lab's image as an archive, for the capsule;
    ``verbose``: show what apt-get says; ``machine``: another look than one taken now, for a dry run.

    Raises:
        UserError: there is no such mode, no lab can be made on a machine of this kind, or neither root nor sudo.
        ExperimentFailed: apt-get failed, or what it installed is not there.
    """
    asked = catalog.get(mode) if mode else None
    machine = machine or look()
    if refusal := impossible(machine):
        raise UserError(refusal)
    also: dict[Purpose, bool] = {"capsule": asked is None, "tests": tests, "image": image}
    purposes: list[Purpose] = ["lab", *(purpose for purpose, wanted in also.items() if wanted)]
    done = _carry_out(items(machine, purposes, (*LAB_TOOLS, *asked.needs.tools) if asked else None), machine, dry_run, verbose)
    if asked is not None:  # its kernel can be asked for features only now that the tools are there
        machine = machine if dry_run else look()
        done += _carry_out(_capsule(asked, machine), machine, dry_run, verbose)
    if asked is None or "tun" in asked.needs.kernel:
        _open_tun(machine, dry_run)
    if image:
        _make_image(dry_run)
    _show(done, machine)
    if not dry_run:
        _require([item for item, outcome in done if outcome == "installed"], look())


def _capsule(mode: Mode, machine: Machine) -> tuple[Item, ...]:
    """The packages of the capsule, if a mode needs it: the host's kernel lacks something, and the capsule may carry it."""
    if mode.relay or (machine.program("unshare") and machine.user_namespaces()):
        return ()
    unknown = [feature for feature in mode.needs.kernel if not machine.can_tell(feature)]
    lacking = [feature for feature in mode.needs.kernel if feature not in unknown and machine.feature(feature)]
    if lacking:
        console.print(f"This machine's kernel lacks {', '.join(lacking)}: {mode.name} runs in User-Mode Linux.", markup=False)
        return items(machine, ["capsule"])
    if unknown:
        console.print("User-Mode Linux is installed only if this machine's kernel turns out to lack something of "
                      f"{', '.join(mode.needs.kernel)}.", markup=False)
    return ()


def _carry_out(found: Iterable[Item], machine: Machine, dry_run: bool, verbose: bool) -> list[Outcome]:
    """Install what is missing, or say how; each package with what became of it."""
    found = tuple(found)
    where = machine.distribution
    missing = [item for item in found if item.state == "missing"]
    said = "to install"
    if missing and machine.program("apt-get") and (where.apt or not where.family):
        apt = Apt(machine, verbose, interactive=sys.stdin.isatty() and console.is_terminal)
        found = _by_apt(found, apt, dry_run)
        said = "to install" if dry_run else "installed"
    elif missing:
        command = BY_HAND.get(where.family)
        names = " ".join(item.name for item in missing)
        unknown = f"{where.title}: install what brings the programs below; Debian calls the packages {names}."
        console.print(f"{TITLES[where.family]}: {command} {names}" if command else unknown, markup=False)
    return [(item, said if item.state == "missing" else item.state) for item in found]


def _by_apt(found: tuple[Item, ...], apt: Apt, dry_run: bool) -> tuple[Item, ...]:
    """Bring apt's lists up to date, then install by what it really has."""
    wanted = [name for item in found if item.state == "missing" for name in (item.name, item.package.otherwise) if name]
    if dry_run:
        if known := apt.known(wanted):  # a machine that has never fetched the lists knows nothing yet
            found = resolved(found, known)
        names = [item.name for item in found if item.state == "missing"]
        console.print("Would run:")
        for argv in (apt.argv("update"), apt.argv(*INSTALL, *names)):
            console.print("  " + " ".join(argv), markup=False)
        return found
    with console.status("apt-get update"):
        said = apt.run("update")
    known = apt.known(wanted)
    if known is not None:
        found = resolved(found, known)
    if unknown := [item.name for item in found if item.state == "left out" and item.package.wanted_for in ("lab", "image")
                   and item.name in wanted]:
        raise failure("update", said + "".join(f"\nE: Unable to locate package {name}" for name in unknown))
    names = [item.name for item in found if item.state == "missing"]
    if names:
        console.print(f"Installing with apt-get: {', '.join(names)}", markup=False)
        with console.status(f"apt-get install, {len(names)} packages and what they need"):
            apt.run(*INSTALL, *names)
    if apt.machine.has("/run/systemd/system") and {"bird2", "bird3"} & set(names):
        console.print("Debian starts BIRD's service; the labs do not need it: `systemctl disable --now bird` stops it.",
                      markup=False)
    return found


def _show(done: list[Outcome], machine: Machine) -> None:
    """What was installed and why, then what there is to say of the machine."""
    columns = max(len(outcome) for _, outcome in done), max(len(item.name) for item, _ in done)
    for item, outcome in sorted(done, key=lambda one: one[1] == "there"):
        why = f"{item.package.why}; {item.note}" if item.note else item.package.why
        start = f"{outcome:{columns[0]}}  {item.name:{columns[1]}}  "
        for line in textwrap.wrap(start + why, max(80, console.width), subsequent_indent=" " * len(start),
                                  drop_whitespace=True, break_on_hyphens=False, break_long_words=False):
            console.print(line, markup=False)
    for remark in remarks(machine):
        console.print(remark, markup=False)
    if all(outcome == "there" for _, outcome in done):
        console.print("Everything that the labs need is there.")


def _require(installed: list[Item], machine: Machine) -> None:
    """Raise ExperimentFailed if a package was installed and does not bring what it is installed for."""
    if hollow := [item.name for item in installed if not item.package.there(machine)]:
        raise ExperimentFailed(f"apt-get installed {', '.join(hollow)}, but what they bring is not in PATH.",
                               f"Programs are looked for in {machine.path}.")


def _make_image(dry_run: bool) -> None:
    console.print(f"{'Would make' if dry_run else 'Makes'} {lab_image.archive()} of {', '.join(lab_image.packages())}, "
                  "with mmdebstrap, from Debian's mirror.", markup=False)
    if not dry_run:
        lab_image.make(lab_image.archive())


def _open_tun(machine: Machine, dry_run: bool) -> None:
    """Flannel's udp mode opens /dev/net/tun as an ordinary user."""
    tun = machine.files / TUN
    if not tun.exists() or stat.S_IMODE(tun.stat().st_mode) == TUN_MODE:
        return
    argv = Apt(machine, interactive=sys.stdin.isatty()).as_root(["chmod", f"{TUN_MODE:o}", str(tun)])
    console.print(f"{'Would run' if dry_run else 'Runs'}: {' '.join(argv)} (its usual mode; "
                  "making a device still needs the right to manage the network it is made in)", markup=False)
    if not dry_run and subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise ExperimentFailed(f"`{' '.join(argv)}` failed.", "Without it flannel-udp runs as root only.")
