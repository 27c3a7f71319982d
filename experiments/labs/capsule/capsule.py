"""The capsule: our own code on a kernel that has what the host's lacks, without root and without a disk image.

User-Mode Linux is the Linux kernel as an ordinary program (Debian package ``user-mode-linux``). Its root file system is the
host's, read-only; results come out through one directory, a tmpfs in private namespaces. UML lives in those namespaces
too, so that nothing of it outlives the runner (:mod:`experiments.labs.private`).

Inside, :mod:`experiments.labs.capsule.guest` is the first process. A job goes in as a line of JSON on the console, progress
comes out as marked lines, the result as a file. It boots once and does job after job.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments import paths
from experiments.errors import ExperimentFailed, UserError
from experiments.labs import private
from experiments.labs.capsule import docker_inside, start, without_xstate
from experiments.labs.capsule.start import EXCHANGE, INIT, MARK
from experiments.paths import ROOT

BOOT_TIMEOUT_S = 60.0
MEMORY_MB = 1024
LARGEST_RESULT_BYTES = 16 * 1024 * 1024
CONSOLE_LINES_QUOTED = 8
JOB_LINE_CHARACTERS = 3500  # a console takes lines of at most 4095

# Modules that a mode's features need in the guest's kernel; what is not named there is built in.
MODULES: Mapping[str, tuple[str, ...]] = {
    "ipip": ("ipip",),
    "vxlan": ("vxlan",),
    "openvswitch": ("openvswitch", "vport_vxlan"),
    "bridge": ("bridge",),
    "veth": ("veth",),
    "tun": ("tun",),
    "packet-socket": ("af_packet",),
    "dummy": ("dummy",),
    "bridge-netfilter": ("br_netfilter",),
    "iptables": ("iptable_nat", "iptable_filter", "xt_MASQUERADE", "xt_conntrack", "xt_addrtype", "xt_mark",
                 "xt_comment", "xt_tcpudp"),
    "ipset": ("ip_set", "ip_set_hash_net", "ip_set_hash_ip", "xt_set", "iptable_mangle", "iptable_raw", "ipt_rpfilter",
              "ipt_REJECT", "xt_multiport"),
    "docker": docker_inside.MODULES,
}
AWKWARD = re.compile(r"[\s:]")  # what no path on the kernel's command line can have
TMPFS = (Path("/tmp"), Path("/run"), Path("/mnt"))  # of the guest's own, as the start script mounts them
PATH = f"/mnt/bin:{paths.PROGRAM_PATH}"
ALWAYS = ("veth", "bridge", "sch_tbf", "tcp_cubic")


CONSOLE_LINE_BYTES = 1 << 20


# Modes that load nf_conntrack track every connection of every namespace, and a small machine's table has room for 8192: the
# view set-up makes more, and then nothing passes. The limit is eight times this size (net/netfilter/nf_conntrack_core.c).
CONNECTIONS = "nf_conntrack.hashsize=32768"


class Capsule:
    """A booted capsule; made by :func:`boot`."""

    def __init__(self, process: subprocess.Popen[bytes], enter: list[str], log: deque[str]) -> None:
        self._process = process
        self._enter = enter
        self._log = log
        self._messages: queue.Queue[Mapping[str, Any] | None] = queue.Queue()
        self._numbers = itertools.count(1)
        self.kernel = ""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as console:
            while line := console.readline(CONSOLE_LINE_BYTES):  # one that never ends would fill the memory
                self._take(line)
        self._messages.put(None)

    def _take(self, line: bytes) -> None:
        """A line of the console: a message of the guest's program, or what else is said there."""
        text = line.decode(errors="replace").rstrip("\r\n")
        start = text.find(MARK)
        if start < 0:
            self._log.append(text)
            return
        try:
            self._messages.put(json.loads(text[start + len(MARK):]))
        except ValueError:
            self._log.append(text)

    def _next(self, timeout_s: float, what: str) -> Mapping[str, Any]:
        """The guest's next message.

        Raises:
            ExperimentFailed: the capsule ended, or said nothing in time; its console is quoted.
        """
        try:
            message = self._messages.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            raise ExperimentFailed(f"The capsule did not {what} within the time allowed. {self._quoted()}") from None
        if message is None:
            raise ExperimentFailed(f"The capsule ended before it could {what}. {self._quoted()}")
        return message

    def _quoted(self) -> str:
        lines = [line for line in self._log if line.strip()][-CONSOLE_LINES_QUOTED:]
        return "Its console ends with: " + (" / ".join(lines) if lines else "nothing")

    def wait_ready(self, timeout_s: float = BOOT_TIMEOUT_S) -> None:
        """Return when the guest takes jobs.

        Raises:
            ExperimentFailed: it did not boot, or a module is missing; the console is quoted.
        """
        message = self._next(timeout_s, "boot")
        if "ready" not in message:
            raise ExperimentFailed(f"The capsule could not start: {message.get('error', message)}. {self._quoted()}")
        self.kernel = str(message["ready"])

    def call(
        self, function: str, argument: Mapping[str, Any], *, timeout_s: float, on_progress: Callable[[str], None]
    ) -> dict[str, Any]:
        """Call ``module:name`` of this package inside, with one mapping and a function for progress; its result.

        Raises:
            ExperimentFailed: it failed inside, the capsule ended, or the time ran out.
        """
        name = f"{next(self._numbers)}.json"
        line = json.dumps({"function": function, "argument": argument, "result": name})
        if len(line) > JOB_LINE_CHARACTERS:
            raise ValueError("the job is too long for a line of the console")
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise ExperimentFailed(f"The capsule has ended. {self._quoted()}") from None
        deadline = time.monotonic() + timeout_s
        while True:
            message = self._next(deadline - time.monotonic(), "finish its job")
            if "progress" in message:
                on_progress(str(message["progress"]))
            elif "user_error" in message:
                raise UserError(str(message["user_error"]), str(message.get("advice", "")))
            elif "error" in message:
                raise ExperimentFailed(f"In the capsule: {message['error']}")
            elif message.get("done") == name:
                return self._result(name)

    def _result(self, name: str) -> dict[str, Any]:
        text = _type(self._enter, "read the result", "cat", f"{EXCHANGE}/{name}")
        if len(text) > LARGEST_RESULT_BYTES:
            raise ExperimentFailed(f"The capsule's result is larger than {LARGEST_RESULT_BYTES // 1024 // 1024} MiB.")
        found = json.loads(text)
        if not isinstance(found, dict):
            raise ExperimentFailed("The capsule's result is not a mapping.")
        return found


@contextlib.contextmanager
def boot(
    *, features: Iterable[str] = (), memory_mb: int = MEMORY_MB, folders: Iterable[str] = ()
) -> Iterator[Capsule]:
    """Boot User-Mode Linux with what the ``features`` need; it is gone at the end of the block, whatever happens in it.

    ``folders`` of the host are looked into for programs, after the system's own.

    Raises:
        UserError: User-Mode Linux is not installed, or namespaces are not allowed.
        ExperimentFailed: it did not boot in time, or a module is missing; the console is quoted.
    """
    program = _program()
    modules = list(dict.fromkeys([*ALWAYS, *(m for feature in features for m in MODULES.get(feature, ()))]))
    with private.namespaces() as enter:
        _type(enter, "write the start script", "tee", f"{EXCHANGE}/{INIT}", given=start.SCRIPT)
        # The host's own mount is setuid to a user that an ordinary user's namespace does not know.
        _type(enter, "copy mount", "cp", paths.find("mount") or "/bin/mount", f"{EXCHANGE}/mount")
        _type(enter, "make them programs", "chmod", "755", f"{EXCHANGE}/{INIT}", f"{EXCHANGE}/mount")
        source = ROOT
        programs = list(folders)
        compiled = _compiled()
        # On the kernel's command line: what is not for the kernel becomes the environment of the first process.
        values = {"podpath_python": sys.executable, "podpath_exchange": EXCHANGE,
                  "podpath_hidden": ":".join(_hidden(source, [*programs, *compiled])), "PODPATH_MODULES": ",".join(modules),
                  "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/tmp",
                  "PATH": ":".join([PATH, *programs])}
        if compiled:  # where the user keeps what Python compiles elsewhere than beside the source
            values["PYTHONPYCACHEPREFIX"] = compiled[0]
        launcher = []
        if without_xstate.needed():
            launcher = [sys.executable, "-I", without_xstate.__file__]
            values |= without_xstate.GUEST
        argv = [*launcher, "env", "TMPDIR=/run", "HOME=/run", program, f"mem={memory_mb}M", CONNECTIONS, "root=/dev/root",
                "rootfstype=hostfs", "rootflags=/", "ro", f"init={EXCHANGE}/{INIT}", "con=null", "con0=fd:0,fd:1", "con1=null",
                "quiet", "uml_dir=/run/", *(f"{name}={value}" for name, value in values.items())]
        # One processor for all of it: User-Mode Linux is one processor, but its kernel and each guest program are processes
        # of the host that take turns. On two cores each turn waits for the other core to wake: slower, and never twice alike.
        pinned = ["taskset", "--cpu-list", str(max(os.sched_getaffinity(0)))]
        process = subprocess.Popen([*enter, "setpriv", "--pdeathsig", "KILL", *pinned, *argv], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                                   env=paths.environment())
        try:
            capsule = Capsule(process, enter, deque(maxlen=200))
            capsule.wait_ready(BOOT_TIMEOUT_S)
            yield capsule
        finally:
            process.kill()
            process.wait()
            assert process.stdin is not None
            with contextlib.suppress(OSError):  # what it has not read yet
                process.stdin.close()


def _compiled() -> list[str]:
    """Where the user keeps what Python compiles elsewhere than beside the source; none that cannot be had inside as it is.

    The kernel's command line holds no blanks, and a whole folder of the guest's own would be covered with what is in it.
    """
    kept = Path(sys.pycache_prefix or "")
    usable = kept.is_absolute() and kept.is_dir() and len(kept.parts) > 2 and not AWKWARD.search(str(kept))
    return [str(kept)] if usable else []


def _hidden(source: Path, folders: Iterable[str] = ()) -> list[str]:
    """What the program needs of the host's files below a directory that is a tmpfs inside, outermost first.

    Raises:
        UserError: a path that the kernel's command line cannot hold.
    """
    needed = {str(source), sys.prefix, sys.base_prefix, *folders}
    if awkward := [path for path in needed if AWKWARD.search(path)]:
        raise UserError(f"The capsule cannot use {awkward[0]}: its kernel's command line has no blanks or colons in a path.",
                        "Put the checkout and the virtual environment somewhere else.")
    below = sorted(path for path in needed if Path("/", *Path(path).parts[1:2]) in TMPFS)
    return [path for path in below if not any(path.startswith(f"{outer}/") for outer in below)]


def _type(enter: list[str], step: str, *argv: str, given: str = "") -> bytes:
    """What a command in the private namespaces printed.

    Raises:
        ExperimentFailed: it failed; the step and its words are named.
    """
    try:
        done = subprocess.run([*enter, *argv], input=given.encode(), capture_output=True, timeout=30, check=False,
                              env=paths.environment())
    except subprocess.TimeoutExpired:
        raise ExperimentFailed(f"The capsule could not {step}: no answer.") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
        raise ExperimentFailed(f"The capsule could not {step}: {said}")
    return done.stdout


def _program() -> str:
    if path := paths.find("linux.uml"):
        return path
    raise UserError("User-Mode Linux is not installed.", "Install it: `invoke setup` (Debian package user-mode-linux).")
