"""How this machine reaches Debian's packages and Python's: what a root needs to know of it, and nothing else of it.

No host is named here. The settings of apt that say how things are fetched, the machine's own certificates, its pip
configuration and the environment's proxies go into a root; hooks, choices of packages and everything installed stay out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

CERTIFICATES = Path("/usr/local/share/ca-certificates")  # update-ca-certificates(8) adds what lies here
LOGINS = (Path("/etc/apt/auth.conf"), Path("/etc/apt/auth.conf.d"))
PIP_FILES = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
# What a fetch depends on, as curl, OpenSSL, requests, git and pip read it.
_CARRIED = re.compile(r"(https?|ftp|all|no)_proxy|PIP_\w+|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|GIT_SSL_CAINFO",
                      re.IGNORECASE)
_APT_LINE = re.compile(r'^(Acquire(?:::[^\s"]+)) "(.*)";$')


def environment(of: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that say how packages are fetched."""
    return {name: value for name, value in of.items() if _CARRIED.fullmatch(name) and name != "PIP_CACHE_DIR"}


def apt_options(dump: str | None = None) -> list[str]:
    """How apt fetches here, as options for another apt: proxies, certificates, what it makes of dates.

    ``dump`` is what ``apt-config dump Acquire`` prints. The kinds of index are left out: each apt has its own.
    """
    lines = (_APT_LINE.match(line) for line in (dump if dump is not None else _apt_config()).splitlines())
    return [f'{line[1]} "{line[2]}"' for line in lines if line and line[2] and not line[1].startswith("Acquire::IndexTargets")]


def sources(suite: str, targets: str | None = None, os_release: str | None = None) -> list[str]:
    """The machine's own lines for Debian with the suite exchanged; none where it is no Debian: mmdebstrap has a default.

    ``targets`` is what ``apt-get indextargets`` prints in the format of ``_index_targets``. Other archives than Debian's
    do not go by the machine's codename alone, or are called otherwise: they are left out.
    """
    release = dict(re.findall(r'^(ID|VERSION_CODENAME)="?([^"\n]*)"?$', os_release or _os_release(), re.MULTILINE))
    if release.get("ID") != "debian" or not release.get("VERSION_CODENAME"):
        return []
    here = release["VERSION_CODENAME"]
    lines: dict[str, list[str]] = {}
    for line in (targets if targets is not None else _index_targets()).splitlines():
        site, name, component = line.split()
        if name in (here, f"{here}-updates", f"{here}-security") and component == "main":
            lines.setdefault(f"deb {site} {suite}{name[len(here):]}", []).append(component)
    return [f"{line} {' '.join(components)}" for line, components in lines.items()]


def copy_settings(root: Path, carried: Mapping[str, str]) -> None:
    """Put into a root how names are found, pip's configuration, and the files that carried variables name."""
    for name in ("/etc/resolv.conf", "/etc/hosts"):
        if Path(name).exists():
            shutil.copyfile(name, root / name[1:])
    for name in PIP_FILES:
        if Path(name).expanduser().is_file():
            _copy(Path(name).expanduser(), root / name.replace("~", "/root")[1:])
    for value in carried.values():
        if value.startswith("/") and Path(value).exists() and not (root / value[1:]).exists():
            _copy(Path(value), root / value[1:])


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def _said(*argv: str) -> str:
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout


def _apt_config() -> str:
    return _said("apt-config", "dump", "Acquire")


def _index_targets() -> str:
    return _said("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages")


def _os_release() -> str:
    return Path("/etc/os-release").read_text()
