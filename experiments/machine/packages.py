"""Tools, the packages they come from on each distribution, and why a lab needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from experiments.machine.distribution import Distribution, Family
from experiments.machine.snapshot import Machine

# upstream: never installed by itself, as Debian starts its service
Purpose = Literal["lab", "capsule", "tests", "image", "upstream"]
# How somebody installs a package; `invoke setup` itself does so with apt-get only.
INSTALL: Mapping[Family, str] = {
    "debian": "apt-get install", "ubuntu": "apt-get install", "fedora": "dnf install", "arch": "pacman -S",
    "opensuse": "zypper install",
}
TITLES: Mapping[Family, str] = {"debian": "Debian", "ubuntu": "Ubuntu", "fedora": "Fedora", "arch": "Arch Linux",
                                "opensuse": "openSUSE"}


@dataclass(frozen=True)
class Package:
    """A package by its names, the programs or libraries it brings, and what for. An empty name: not packaged there."""

    debian: str
    fedora: str
    arch: str
    opensuse: str
    programs: tuple[str, ...]
    why: str
    wanted_for: Purpose = "lab"
    ubuntu: str = "="  # the equals sign: as Debian calls it
    otherwise: str = ""  # where Debian or Ubuntu has dropped the first name
    processors: tuple[str, ...] = ()  # where it is built; empty: everywhere
    libraries: tuple[str, ...] = ()
    by_hand: str = ""  # how else it is had, in one sentence

    def name(self, where: Distribution) -> str:
        """What a distribution calls it; empty if it has none. Where nothing is known of the distribution, Debian's name."""
        if where.family == "ubuntu":
            return self.debian if self.ubuntu == "=" else self.ubuntu
        return {"debian": self.debian, "fedora": self.fedora, "arch": self.arch, "opensuse": self.opensuse}.get(
            where.family, self.debian)

    def built_for(self, processor: str) -> bool:
        """Whether it exists for a kind of processor."""
        return not self.processors or processor in self.processors

    def there(self, machine: Machine) -> bool:
        """Whether a machine has all that it brings."""
        return all(machine.program(name) for name in self.programs) and all(map(machine.library, self.libraries))


def _same(name: str, programs: tuple[str, ...], why: str, wanted_for: Purpose = "lab", by_hand: str = "") -> Package:
    """A package that has one name everywhere."""
    return Package(name, name, name, name, programs, why, wanted_for, by_hand=by_hand)


PACKAGES = (
    _same("util-linux", ("unshare", "nsenter", "setpriv", "taskset"),
          "makes the private namespaces of the embedded lab and enters them"),
    Package("iproute2", "iproute iproute-tc", "iproute2", "iproute2", ("ip", "bridge", "tc", "ss"),
            "makes links, bridges, tunnels and routes"),
    Package("procps", "procps-ng", "procps-ng", "procps", ("sysctl",), "switches on forwarding inside the lab"),
    Package("iputils-ping", "iputils", "iputils", "iputils", ("ping",), "shows TTL and MTU at the pod"),
    Package("iperf3", "iperf3", "iperf3", "iperf", ("iperf3",), "measures TCP goodput"),
    Package("sockperf", "sockperf", "", "sockperf", ("sockperf",), "measures round-trip times as real percentiles",
            by_hand="Build it from https://github.com/Mellanox/sockperf."),
    _same("ethtool", ("ethtool",), "reads and sets offloads"),
    Package("bird2", "bird", "bird", "bird", ("bird", "birdc"), "speaks BGP in the Calico modes", otherwise="bird3"),
    # Debian builds it for x86 only, as Linux itself has it for no other (arch/um).
    Package("user-mode-linux", "", "", "", ("linux.uml",),
            "a kernel with ipip and openvswitch, for machines whose own kernel lacks them", "capsule",
            processors=("amd64", "i386")),
    _same("kmod", ("modprobe",), "loads that kernel's modules", "capsule"),
    Package("etcd-server", "etcd", "etcd", "etcd", ("etcd",),
            "is the store of flanneld and of Calico, with --daemon upstream", "upstream"),
    Package("etcd-client", "etcd", "etcd", "etcdctl", ("etcdctl",), "writes and asks that store, with --daemon upstream",
            "upstream"),
    Package("iptables", "iptables-nft", "iptables", "iptables", ("iptables",),
            "is called by weaver and felix, with --daemon upstream", "upstream"),
    _same("ipset", ("ipset",), "is called by felix, with --daemon upstream", "upstream"),
    _same("tcpdump", ("tcpdump",), "reads a capture of ours in the tests", "tests"),
    Package("chromium", "chromium", "chromium", "chromium", ("chromium",), "opens the built site in the tests", "tests",
            ubuntu="", by_hand="There it is a snap: `snap install chromium`."),
    Package("libatomic1", "libatomic", "gcc-libs", "libatomic1", (), "is loaded by the program that drives the browser",
            "tests", libraries=("libatomic.so.1",)),
    Package("mmdebstrap", "mmdebstrap", "", "", ("mmdebstrap",), "makes the lab's image of Debian's packages", "image",
            by_hand="Make the image on a machine with Debian or Ubuntu."),
)


def providing(program: str) -> Package | None:
    """The package that brings a program."""
    return next((package for package in PACKAGES if program in package.programs), None)


def remedy(program: str, machine: Machine) -> str:
    """How to get a program on a machine, in a sentence."""
    package, where = providing(program), machine.distribution
    if package is None:
        return "Run `invoke setup`."
    name = package.name(where)
    if not package.built_for(machine.processor):
        return f"It is built for {' and '.join(package.processors)} only."
    if not name:
        return f"{TITLES.get(where.family, where.title)} has no package of it. {package.by_hand}".rstrip()
    if package.wanted_for == "upstream":
        distributor = TITLES.get(where.family, "Debian")
        return f"Install the {distributor} package {name}; if it starts a service, the labs do not need that."
    if where.apt or not where.family:
        return f"Run `invoke setup` (Debian package {name})."
    return f"Install it: `{INSTALL[where.family]} {name}`."
