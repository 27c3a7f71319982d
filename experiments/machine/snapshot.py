"""One look at a machine, as a value that is handed on.

What is cheap is looked at when the value is made; what costs time (a feature is tried in a namespace, Docker is asked) is
asked when it is wanted, once a snapshot. Nothing is remembered beside the snapshot: a step that may change the machine, as
``invoke setup`` does, is followed by another look.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from experiments.machine import asking, distribution
from experiments.machine.asking import Answer
from experiments.machine.distribution import Distribution
from experiments.machine.features import FEATURES
from experiments.paths import program_path

PROBE_TIMEOUT_S = 10.0
DOCKER_API = (1, 41)  # of Docker 20.10, the oldest that containerlab and kind were tried with
PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64"}  # as Linux calls them (uname -m), and as Go and Debian do
# macOS says arm64 itself; 32-bit x86 has four names.
_OTHER_NAMES = {"AMD64": "amd64", **dict.fromkeys(("i386", "i486", "i586", "i686"), "i386")}
_SCRATCH = ("unshare", "--user", "--map-root-user", "--net")
# What holds the embedded lab and the capsule. Where a container hides parts of /proc, only this is refused.
PRIVATE = (*_SCRATCH, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
# Why user namespaces may be refused: the switch, the value that means off, and the command that allows them.
_SWITCHES = (
    ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
    ("/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
)
T = TypeVar("T")


def look() -> Machine:
    """Look at this machine, now."""
    here = platform.machine()
    return Machine(
        system=platform.system(), processor=PROCESSORS.get(here) or _OTHER_NAMES.get(here, here), root=os.geteuid() == 0,
        python=(sys.version_info.major, sys.version_info.minor), path=program_path(),
    )


@dataclass(frozen=True)
class Machine:
    """A machine as it was when somebody looked: ``processor`` as Go calls it, ``path`` where programs are looked for.

    ``files`` is the root of its files, another one for a machine that a test describes.
    """

    system: str
    processor: str
    root: bool
    python: tuple[int, int]
    path: str
    files: Path = Path("/")
    _asked: dict[tuple[object, ...], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def _once(self, question: tuple[object, ...], ask: Callable[[], T]) -> T:
        if question not in self._asked:
            self._asked[question] = ask()
        found: T = self._asked[question]
        return found

    def read(self, path: str) -> str | None:
        """The text of one of its files; None if it cannot be read."""

        def text() -> str | None:
            try:
                return (self.files / path.lstrip("/")).read_text(errors="replace")
            except OSError:
                return None

        return self._once(("text", path), text)

    def has(self, path: str) -> bool:
        """Whether it has a file or folder."""
        return self._once(("there", path), lambda: (self.files / path.lstrip("/")).exists())

    @property
    def distribution(self) -> Distribution:
        """Which distribution it has (os-release(5) names both places)."""
        places = ("/etc/os-release", "/usr/lib/os-release")
        return self._once(("distribution",), lambda: distribution.read(next(filter(None, map(self.read, places)), "")))

    @property
    def wsl(self) -> int:
        """The version of the Windows Subsystem for Linux that this is; 0 if it is none.

        WSL 1 signs its pretended kernel ``-Microsoft``, WSL 2 is a kernel built as ``-microsoft-standard-WSL2``.
        """
        release = self.read("/proc/sys/kernel/osrelease") or ""
        return 0 if "microsoft" not in release.lower() else 1 if release.strip().endswith("-Microsoft") else 2

    def program(self, name: str) -> str | None:
        """Where a program is, the places for system programs included, which are not in everybody's PATH."""
        return self._once(("program", name), lambda: shutil.which(name, path=self.path))

    def library(self, name: str) -> bool:
        """Whether a shared library lies where distributions put them."""
        places = (f"{root}lib{more}/{name}" for root in ("usr/", "") for more in ("", "/*", "64"))
        return any(next(self.files.glob(place), None) for place in places)

    def ask(self, *argv: str, timeout_s: float = PROBE_TIMEOUT_S) -> Answer:
        """What a command answers; it is asked once."""
        return self._once(argv, lambda: asking.ask(argv, self.path, dict(os.environ), timeout_s))

    def fresh(self, *argv: str, timeout_s: float = PROBE_TIMEOUT_S) -> Answer:
        """What a command answers now, in English: for a step that changes the machine and asks what has become of it."""
        return asking.ask(argv, self.path, {**os.environ, "LC_ALL": "C.UTF-8"}, timeout_s)

    def _scratch(self, *argv: str) -> str | None:
        """Why a command failed in a scratch network namespace; None if it worked."""
        return self.ask(*_SCRATCH, *argv).refusal

    def user_namespaces(self) -> str | None:
        """Why no private namespaces can be made here; None if they can."""
        refused = self.ask(*PRIVATE, "true").refusal
        if refused is None:
            return None
        for switch, off, how in _SWITCHES:
            if (self.read(switch) or "").strip() == off:
                return f"user namespaces are switched off ({switch} is {off}); as root: {how}"
        if "/proc" in refused:
            return f"a private /proc is not allowed here: {refused}; in Docker, --security-opt systempaths=unconfined allows it"
        return f"user namespaces are not allowed here: {refused}"

    def feature(self, name: str) -> str | None:
        """Why this machine's kernel does not have a feature; None if it has it."""
        if not self.can_tell(name):
            return f"{FEATURES[name].program} is not installed, which would tell"
        return self.user_namespaces() or self._once(("feature", name), lambda: FEATURES[name].refused(self._scratch))

    def can_tell(self, feature: str) -> bool:
        """Whether the program by which a feature is tried is there."""
        return not FEATURES[feature].program or self.program(FEATURES[feature].program) is not None

    def docker(self) -> str | None:
        """Why Docker's daemon does not answer this user; None if it does."""
        answer = self.ask("docker", "version", "--format", "{{.Server.APIVersion}}")
        if answer.refusal is not None:
            return answer.refusal
        said = answer.output.strip()
        found = tuple(int(part) for part in said.split(".") if part.isdigit())
        return None if found >= DOCKER_API else f"its API is {said}, older than {'.'.join(map(str, DOCKER_API))}"

    def docker_info(self) -> Mapping[str, Any]:
        """What Docker's daemon says of itself; empty where it does not answer."""
        if self.program("docker") is None or self.docker():
            return {}
        try:
            found = json.loads(self.ask("docker", "info", "--format", "{{json .}}", timeout_s=60.0).output)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def rootless_docker(self) -> bool:
        """Whether Docker's daemon runs as an ordinary user (``name=rootless`` among its security options)."""
        options = self.docker_info().get("SecurityOptions")
        return isinstance(options, list) and any("name=rootless" in str(option).split(",") for option in options)

    def docker_image(self, name: str) -> bool:
        """Whether Docker has an image."""
        return self.ask("docker", "image", "inspect", name).ok

    def free_bytes(self, folder: str) -> int | None:
        """Free disk in a folder; None if there is no such folder."""
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            return None

    def memory_bytes(self) -> int | None:
        """Memory that programs can have without swapping (proc(5), MemAvailable)."""
        lines = (self.read("/proc/meminfo") or "").splitlines()
        values = [line.split()[1] for line in lines if line.startswith("MemAvailable:") and len(line.split()) > 1]
        return int(values[0]) * 1024 if values and values[0].isdigit() else None

    def inotify(self, name: str) -> int | None:
        """A limit of inotify(7); None where the kernel does not say it."""
        said = (self.read(f"/proc/sys/fs/inotify/{name}") or "").strip()
        return int(said) if said.isdigit() else None

    def control_groups(self) -> bool:
        """Whether control groups are mounted, of version 2 or 1."""
        return self.has("/sys/fs/cgroup/cgroup.controllers") or self.has("/sys/fs/cgroup/memory")
