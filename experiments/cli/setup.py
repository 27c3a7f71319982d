"""``invoke setup``: the packages that the labs need; says what and why before it does anything."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import subprocess
from pathlib import Path

from experiments.cli.progress import console
from experiments.errors import ExperimentFailed, UserError
from experiments.labs.containerlab import lab_image
from experiments.preflight.packages import PACKAGES, Package
from experiments.preflight.probes import program

TUN = Path("/dev/net/tun")
TUN_MODE = 0o666  # as udev makes it (systemd's 50-udev-default.rules); making a device still needs CAP_NET_ADMIN


def run_setup(*, dry_run: bool = False, tests: bool = False, image: bool = False) -> None:
    """Install what is missing with apt-get; elsewhere name the packages and install nothing.

    ``image``: also make the image of the containerlab lab as an archive, for the capsule.

    Raises:
        UserError: not Linux, or neither root nor sudo.
        ExperimentFailed: apt-get failed.
    """
    if platform.system() != "Linux":
        raise UserError("The labs need Linux.", "Use a Linux machine or a virtual machine.")
    purposes = ("lab", "capsule", *(["tests"] if tests else []))
    wanted = [package for package in PACKAGES if package.wanted_for in purposes]
    missing = [package for package in wanted if any(program(name) is None for name in package.programs)]
    for package in wanted:
        state = "missing" if package in missing else "there"
        console.print(f"  {state:8} {package.debian:20} {package.why}", markup=False)
    if shutil.which("apt-get") is None:
        _name_packages(missing)
    elif missing:
        _install([package.debian for package in missing], dry_run)
    _open_tun(dry_run)
    if image:
        console.print(f"{'Would make' if dry_run else 'Makes'} {lab_image.archive()} of {', '.join(lab_image.packages())}, "
                      "with mmdebstrap, from Debian's mirror.", markup=False)
        if not dry_run:
            lab_image.make(lab_image.archive())
    if not missing:
        console.print("Everything that the labs need is there.")


def _name_packages(missing: list[Package]) -> None:
    """On other distributions: what the packages are called there."""
    for name, command in (("fedora", "dnf install"), ("arch", "pacman -S")):
        names = [getattr(package, name) for package in missing if getattr(package, name)]
        absent = [package.debian for package in missing if not getattr(package, name)]
        if names:
            console.print(f"{name.capitalize()}: {command} {' '.join(names)}", markup=False)
        if absent:
            console.print(f"{name.capitalize()} has no package of {', '.join(absent)}.", markup=False)


def _install(names: list[str], dry_run: bool) -> None:
    install = _as_root(["apt-get", "install", "--yes", "--no-install-recommends", *names])
    update = _as_root(["apt-get", "update"])
    running = Path("/run/systemd/system").is_dir()
    console.print("Will run:" if not dry_run else "Would run:")
    for argv in (update, install):
        console.print("  " + " ".join(argv), markup=False)
    if running and "bird2" in names:
        console.print("Debian starts the service of bird2; the labs do not need it: "
                      "`systemctl disable --now bird` stops it.", markup=False)
    if dry_run:
        return
    for argv in (update, install):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, check=False).returncode != 0:
            raise ExperimentFailed(f"`{' '.join(argv)}` failed.", "Its own messages above say why.")


def _open_tun(dry_run: bool) -> None:
    """Flannel's udp mode opens /dev/net/tun as an ordinary user."""
    if not TUN.exists() or stat.S_IMODE(TUN.stat().st_mode) == TUN_MODE:
        return
    argv = _as_root(["chmod", f"{TUN_MODE:o}", str(TUN)])
    console.print(f"{'Would run' if dry_run else 'Runs'}: {' '.join(argv)} (its usual mode; "
                  "making a device still needs the right to manage the network it is made in)", markup=False)
    if not dry_run and subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise ExperimentFailed(f"`{' '.join(argv)}` failed.", "Without it flannel-udp runs as root only.")


def _as_root(argv: list[str]) -> list[str]:
    if os.geteuid() == 0:
        return argv
    if shutil.which("sudo") is None:
        raise UserError("Installing packages needs root, and there is no sudo here.",
                        "Run `invoke setup` as root, or `invoke setup --dry-run` to see what it would do.")
    return ["sudo", *argv]
