"""apt-get, as far as setup uses it: what it has, and its failures in words. It asks nothing, and its chatter is kept back."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from experiments.errors import ExperimentFailed, UserError
from experiments.machine.snapshot import Machine

LOCK_S = 60  # a machine that has just started often updates itself
QUOTED_LINES = 12
POLICY_TIMEOUT_S = 180.0  # six seconds where no cache of the lists is kept (Debian's images), more on a busy machine
INSTALL = ("install", "--yes", "--no-install-recommends")
# What apt-get and sudo say when they fail, and what somebody should do. The first that fits is taken.
_AGAIN = "then run `invoke setup` again."
_FAILURES = (
    (r"sudo: .*(?:password is required|terminal is required)", "sudo asks for a password, and nobody can type one here",
     "Run `sudo --validate` first, or `invoke setup` as root."),
    (r"not in the sudoers file|may not run sudo|not allowed to execute", "this user may not install packages",
     "Ask whoever administers this machine for the packages named above."),
    (r"Could not get lock|Unable to (?:acquire|lock)", "another program is installing packages",
     f"Wait until it has ended, {_AGAIN}"),
    (r"dpkg was interrupted", "an earlier installation was interrupted", f"Run `dpkg --configure -a` as root, {_AGAIN}"),
    (r"No space left on device|enough free space", "there is no room on the disk", f"Free some, {_AGAIN}"),
    (r"Temporary failure resolving|Could not (?:resolve|connect)|Unable to connect|Connection (?:failed|timed)|Failed to fetch",
     "packages cannot be fetched", f"Look at the network, at the proxy and at the mirror in /etc/apt, {_AGAIN}"),
    (r"Unable to locate package|has no installation candidate", "apt knows no such package",
     f"Look at /etc/apt (on Ubuntu, `add-apt-repository universe` as root), {_AGAIN}"),
)


@dataclass(frozen=True)
class Apt:
    """apt-get on a machine; ``verbose`` lets it speak for itself."""

    machine: Machine
    verbose: bool = False
    interactive: bool = False  # whether sudo may ask for a password on a terminal

    def argv(self, *arguments: str) -> list[str]:
        """The command line, as root.

        Raises:
            UserError: neither root nor sudo.
        """
        return self.as_root(["apt-get", "-o", f"DPkg::Lock::Timeout={LOCK_S}", *arguments])

    def as_root(self, argv: Sequence[str]) -> list[str]:
        """A command line for root: as it is, or by sudo, which asks nothing where nobody could answer.

        Raises:
            UserError: neither root nor sudo.
        """
        if self.machine.root:
            return list(argv)
        if self.machine.program("sudo") is None:
            raise UserError("Installing packages needs root, and there is no sudo here.",
                            "Run `invoke setup` as root, or `invoke setup --dry-run` to see what it would do.")
        return ["sudo", *([] if self.interactive else ["--non-interactive"]), *argv]

    def run(self, *arguments: str) -> str:
        """Run apt-get to its end; what it said, empty if it spoke for itself.

        Raises:
            UserError: neither root nor sudo.
            ExperimentFailed: it failed; the message says why in words, and quotes its last lines.
        """
        argv = self.argv(*arguments)
        # English, because the messages are read; sudo passes both on by `env` only.
        settings = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        if argv[0] == "sudo":
            at = argv.index("apt-get")
            argv[at:at] = ["env", *(f"{name}={value}" for name, value in settings.items())]
        done = subprocess.run(argv, env={**os.environ, "PATH": self.machine.path, **settings}, stdin=subprocess.DEVNULL,
                              stdout=None if self.verbose else subprocess.PIPE,
                              stderr=None if self.verbose else subprocess.STDOUT, text=True, errors="replace", check=False)
        said = done.stdout or ""
        if done.returncode != 0:
            raise failure(arguments[0], said)
        return said

    def known(self, names: Iterable[str]) -> set[str] | None:
        """Those of the packages that apt could install, by the lists that it has now; None where apt does not answer."""
        answer = self.machine.fresh("apt-cache", "policy", *names, timeout_s=POLICY_TIMEOUT_S)
        if not answer.ok:
            return None
        found = re.findall(r"^(\S+):\n(?:  .*\n)*?  Candidate: (\S+)$", answer.output, re.MULTILINE)
        return {name for name, candidate in found if candidate != "(none)"}


def _quoted(lines: Sequence[str]) -> str:
    return "\n".join(f"  {line}" for line in lines[-QUOTED_LINES:])


def failure(what: str, said: str) -> ExperimentFailed:
    """apt-get's failure in words, from what it said."""
    lines = list(dict.fromkeys(line for line in said.splitlines() if line.strip()))
    quoted = _quoted(lines)
    for pattern, problem, advice in _FAILURES:
        if re.search(pattern, said):
            # Warnings of another kind stand between these lines and the last, an error's.
            quoted = _quoted([line for line in lines if re.search(pattern, line) or line.startswith("E: ")])
            holder = re.search(r"held by process (\d+)(?: \(([^)\n]*)\))?", said)
            named = f" ({holder[2] or 'process'}, process {holder[1]})" if holder and "another program" in problem else ""
            return ExperimentFailed(f"`apt-get {what}` failed: {problem}{named}. It said:\n{quoted}", advice)
    if not quoted:
        return ExperimentFailed(f"`apt-get {what}` failed.", "Its own messages above say why.")
    return ExperimentFailed(f"`apt-get {what}` failed. It said:\n{quoted}", f"Mend what it names, {_AGAIN}")
