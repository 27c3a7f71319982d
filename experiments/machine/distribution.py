"""Which distribution this is, by os-release(5), and what it is called among the tables of packages."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

Family = Literal["debian", "ubuntu", "fedora", "arch", "opensuse", ""]

# ID and ID_LIKE of os-release(5); the first that is known decides, so Ubuntu's own descendants come before Debian's.
_FAMILIES: dict[str, Family] = {
    "ubuntu": "ubuntu", "debian": "debian", "fedora": "fedora", "rhel": "fedora", "arch": "arch", "suse": "opensuse",
    "opensuse": "opensuse", "opensuse-tumbleweed": "opensuse", "opensuse-leap": "opensuse",
}
# The Python that comes with older ones (packages.debian.org, packages.ubuntu.com), and what brings a newer one.
OLD_PYTHON = {
    ("ubuntu", "22.04"): ("3.10", "`apt-get install python3.11 python3.11-venv`, then make the virtual environment by "
                                  "`python3.11 -m venv .venv`"),
    ("ubuntu", "20.04"): ("3.8", "use Ubuntu 24.04 or newer"),
    ("debian", "11"): ("3.9", "use Debian 12 or newer"),
}


@dataclass(frozen=True)
class Distribution:
    """A distribution by its own words, and the family by whose names its packages go."""

    id: str
    version: str
    title: str
    family: Family

    @property
    def apt(self) -> bool:
        """Whether packages come by apt-get."""
        return self.family in ("debian", "ubuntu")


def read(text: str) -> Distribution:
    """The distribution that an os-release file describes; ``Linux``, of no family, if it says nothing."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip().isidentifier():
            values[name.strip()] = _unquoted(value)
    kinds = [values.get("ID", "").lower(), *values.get("ID_LIKE", "").lower().split()]
    family: Family = next((_FAMILIES[kind] for kind in kinds if kind in _FAMILIES), "")
    title = values.get("PRETTY_NAME") or values.get("NAME") or "Linux"
    return Distribution(kinds[0], values.get("VERSION_ID", ""), title, family)


def _unquoted(value: str) -> str:
    try:
        return " ".join(shlex.split(value))
    except ValueError:  # a quotation that does not end
        return value.strip()
