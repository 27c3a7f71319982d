"""``invoke setup`` on machines of every kind, by their os-release files, and with an apt-get that fails in every way."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from described import Described, described, tool, write

from experiments.cli import listing, progress
from experiments.cli.setup import run_setup
from experiments.errors import ExperimentFailed, UserError
from experiments.machine.apt import Apt

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "setup"
RELEASES = Path(__file__).resolve().parents[1] / "golden" / "os-release"
EVERYWHERE = ("unshare", "nsenter", "setpriv", "taskset")  # util-linux, without which no distribution starts
WSL = {1: "4.4.0-19041-Microsoft", 2: "5.15.167.4-microsoft-standard-WSL2"}


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.console, "_width", 80)


def fresh(folder: Path, release: str, processor: str = "amd64", *, apt: bool = True) -> Described:
    """A machine as it comes, with nothing installed."""
    write(folder, "etc/os-release", (RELEASES / release).read_text())
    for name in (*EVERYWHERE, *(["apt-get"] if apt else [])):
        tool(folder, name)
    return described(folder, processor=processor)


def complete(machine: Described) -> Described:
    """The same with the tools that tell of the kernel."""
    for name in ("ip", "genl", "sysctl"):
        tool(machine.files, name)
    return replace(machine)


def compare(name: str, said: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(said)
    assert said == path.read_text()


APT, OTHERS = ("debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04", "ubuntu-25.10", "ubuntu-26.04", "raspbian-12"), (
    "fedora-42", "arch", "opensuse-tumbleweed", "opensuse-leap-15.6", "alpine-3.22")


@pytest.mark.parametrize("processor", ["amd64", "arm64"])
@pytest.mark.parametrize("release", [*APT, *OTHERS])
def test_a_dry_run_names_what_fits_the_distribution_and_the_processor(
    release: str, processor: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_setup(dry_run=True, machine=fresh(tmp_path, release, processor, apt=release in APT))
    compare(f"{release}-{processor}", capsys.readouterr().out)


@pytest.mark.parametrize("release", ["debian-13", "ubuntu-24.04", "fedora-42"])
def test_tests_and_image_want_more(release: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_setup(dry_run=True, tests=True, machine=fresh(tmp_path, release, apt=release in APT))
    said = capsys.readouterr().out
    assert ("snap install chromium" in " ".join(said.split())) == (release == "ubuntu-24.04")
    compare(f"{release}-tests", said)


def test_an_image_is_made_by_mmdebstrap_which_is_installed_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_setup(dry_run=True, image=True, machine=fresh(tmp_path, "debian-12"))
    assert " mmdebstrap" in capsys.readouterr().out


@pytest.mark.parametrize(("mode", "wanted", "unwanted"), [
    ("calico-bgp", {"bird2", "iperf3"}, {"user-mode-linux", "kmod", "tcpdump"}),
    ("flannel-vxlan", {"iperf3"}, {"bird2", "user-mode-linux"}),
    ("calico-ipip", {"bird2", "user-mode-linux", "kmod"}, {"tcpdump"}),
    ("weave-sleeve-encrypted", {"iperf3"}, {"bird2", "user-mode-linux"}),
])
def test_for_a_mode_nothing_else_is_installed(
    mode: str, wanted: set[str], unwanted: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = replace(complete(fresh(tmp_path, "debian-12")), lacks=frozenset({"ipip", "packet-socket"}))
    run_setup(dry_run=True, mode=mode, machine=machine)
    words = set(capsys.readouterr().out.split())
    assert wanted <= words
    assert not unwanted & words


def test_a_kernel_that_cannot_be_asked_yet_is_asked_when_it_can(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_setup(dry_run=True, mode="calico-ipip", machine=fresh(tmp_path, "debian-12"))
    assert "User-Mode Linux is installed only if this machine's kernel turns out to lack" in capsys.readouterr().out


def test_where_bird2_is_no_more_bird3_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = fresh(tmp_path, "debian-13")
    tool(tmp_path, "apt-cache", "#!/bin/sh\nshift\nfor name; do [ $name = bird2 ] && candidate='(none)' || candidate=1.0\n"
                                "echo \"$name:\n  Installed: (none)\n  Candidate: $candidate\n  Version table:\"; done\n")
    run_setup(dry_run=True, machine=machine)
    said = capsys.readouterr().out
    assert " bird3 " in said
    assert "bird2" not in said


def test_an_unknown_mode_is_named_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Unknown mode 'calico'"):
        run_setup(mode="calico", machine=fresh(tmp_path, "debian-12"))


KINDS = {
    "arm64 Debian": "User-Mode Linux is not made for arm64, and this machine's kernel lacks what these modes need: "
                    "calico-ipip (ipip), weave-fastdp (openvswitch).",
    "Fedora": "Fedora has no package of User-Mode Linux; this machine's own kernel has what the modes need.",
    "macOS": "This is macOS, and the labs are network namespaces, which only Linux has: run Podpath in a virtual machine with "
             "Linux, for example Debian 12 or Ubuntu 24.04.",
    "WSL 1": "This is WSL 1, which has no kernel of Linux's and no namespaces: `wsl --set-version NAME 2` makes it WSL 2.",
    "WSL 2": "This is WSL 2: the labs run on its virtual machine's kernel, and what is measured is that machine; what that "
             "kernel lacks, the capsule has.",
    "Docker": "Docker is rootless here, where links cannot be put between its containers: the labs containerlab and kind want "
              "the system's Docker (`docker context use default`), the embedded lab wants none.",
    "Ubuntu 22.04": "Ubuntu 22.04.5 LTS comes with Python 3.10, and Podpath needs 3.11 or newer: `apt-get install python3.11 "
                    "python3.11-venv`, then make the virtual environment by `python3.11 -m venv .venv`.",
    "Ubuntu 24.04": "",
}


def of_kind(kind: str, folder: Path) -> Described:
    release = {"arm64 Debian": "debian-12", "Fedora": "fedora-42", "Ubuntu 22.04": "ubuntu-22.04"}.get(kind, "ubuntu-24.04")
    machine = complete(fresh(folder, release, "arm64" if kind == "arm64 Debian" else "amd64", apt=kind != "Fedora"))
    if kind == "arm64 Debian":
        return replace(machine, lacks=frozenset({"ipip", "openvswitch"}))
    if kind == "macOS":
        return replace(machine, system="Darwin", processor="arm64")
    if kind.startswith("WSL"):
        write(folder, "proc/sys/kernel/osrelease", WSL[int(kind[-1])] + "\n")
    if kind == "Docker":
        options = '{"SecurityOptions": ["name=rootless"]}'
        tool(folder, "docker", f"#!/bin/sh\n[ $1 = version ] && echo 1.44 || echo '{options}'\n")
    return replace(machine)


@pytest.mark.parametrize("kind", KINDS)
def test_a_machine_of_another_kind_is_told_one_fitting_sentence(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = of_kind(kind, tmp_path)
    if kind in ("macOS", "WSL 1"):
        with pytest.raises(UserError) as refused:
            run_setup(dry_run=True, machine=machine)
        assert str(refused.value) == KINDS[kind]
    else:
        run_setup(dry_run=True, machine=machine)
        assert KINDS[kind] in capsys.readouterr().out
    listing.run_list(machine=replace(machine))
    said = " ".join(capsys.readouterr().out.split())
    assert KINDS[kind] in said
    others = [sentence for other, sentence in KINDS.items() if other != kind and sentence]
    assert not [sentence for sentence in others if sentence in said]
    assert "apt-get" not in said or kind == "Ubuntu 22.04"


SAID = {
    "another program is installing packages (unattended-upgr, process 612)":
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 612 (unattended-upgr)\n"
        "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
    "packages cannot be fetched":
        "E: Failed to fetch http://mirror.example/Packages  Temporary failure resolving 'mirror.example'",
    "sudo asks for a password, and nobody can type one here": "sudo: a password is required",
    "this user may not install packages": "somebody is not in the sudoers file.",
    "there is no room on the disk": "E: You don't have enough free space in /var/cache/apt/archives/.",
    "an earlier installation was interrupted": "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'",
    "apt knows no such package": "E: Unable to locate package sockperf",
}


@pytest.mark.parametrize("problem", SAID)
def test_a_failed_installation_says_why_and_quotes_apt(problem: str, tmp_path: Path) -> None:
    machine = fresh(tmp_path, "debian-12")
    write(tmp_path, "said", SAID[problem] + "\n")
    tool(tmp_path, "apt-get", f"#!/bin/sh\nPATH=/usr/bin:/bin\ncat {tmp_path}/said\nexit 100\n")
    with pytest.raises(ExperimentFailed) as failed:
        run_setup(machine=machine)
    assert failed.value.problem.startswith(f"`apt-get update` failed: {problem}. It said:\n  ")
    assert failed.value.problem.endswith(SAID[problem].splitlines()[-1])
    assert failed.value.advice


def test_what_apt_installs_is_looked_for_and_its_chatter_kept(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    machine = fresh(tmp_path, "debian-12")
    tool(tmp_path, "apt-get", "#!/bin/sh\necho Reading package lists...\n")
    tool(tmp_path, "apt-cache", "#!/bin/sh\nshift\nfor name; do echo \"$name:\n  Installed: (none)\n  Candidate: 1.0\"; done\n")
    known = Apt(machine).known(["bird2"])
    assert known == {"bird2"}
    run_setup(machine=machine)  # the look after it is at this machine, which has them
    said = capfd.readouterr().out
    assert "Reading package lists" not in said
    assert "installed  bird2" in said
    run_setup(machine=machine, verbose=True)
    assert "Reading package lists" in capfd.readouterr().out


def test_a_mirror_that_cannot_be_reached_is_not_a_package_that_does_not_exist(tmp_path: Path) -> None:
    """`apt-get update` ends with 0 then, and knows nothing."""
    machine = fresh(tmp_path, "debian-12")
    tool(tmp_path, "apt-get", "#!/bin/sh\necho 'W: Failed to fetch http://mirror.example  Could not resolve that name'\n")
    tool(tmp_path, "apt-cache", "#!/bin/sh\n")
    with pytest.raises(ExperimentFailed, match="packages cannot be fetched") as failed:
        run_setup(machine=machine)
    assert "Could not resolve that name\n  E: Unable to locate package iproute2\n" in failed.value.problem


def test_an_apt_cache_that_does_not_answer_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = fresh(tmp_path, "debian-13")  # which has no apt-cache at all
    assert Apt(machine).known(["bird2"]) is None
    run_setup(machine=machine)
    assert "installed  bird2" in capsys.readouterr().out


def test_without_root_sudo_is_asked_and_asks_nobody_in_a_pipe(tmp_path: Path) -> None:
    machine = replace(fresh(tmp_path, "debian-12"), root=False)
    with pytest.raises(UserError, match="no sudo here"):
        run_setup(dry_run=True, machine=machine)
    tool(tmp_path, "sudo")
    assert Apt(replace(machine)).argv("update")[:3] == ["sudo", "--non-interactive", "apt-get"]
    assert Apt(replace(machine), interactive=True).argv("update")[:2] == ["sudo", "apt-get"]
