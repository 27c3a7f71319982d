"""What every lab offers: the same verbs, wherever the nodes really are.

A lab is where a mode is built. It brings up nodes that are joined by an underlay, lets commands run on them, records
what was typed, and takes everything down. Recipes (``experiments.dataplanes``) and probes know labs only from here.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Literal, Protocol

from experiments import bounded, paths
from experiments.errors import ExperimentFailed
from experiments.evidence import TranscriptStep

LARGEST_BYTES = 8 * 1024 * 1024  # of what a command at a place says; iperf3's report of eight streams has 60 KB
Underlay = Literal["l2", "routed"]
# kubectl's own last line on the standard error of a command that ran in a pod and failed (kubernetes/client-go
# util/exec/exec.go); what the command said itself is the reason.
_KUBECTL_ENDED = re.compile(r"^command terminated with exit code \d+\n?\Z", re.MULTILINE)


@dataclass(frozen=True)
class Pod:
    """A pod's network namespace on a node. The address is given by the recipe's address plan."""

    name: str
    node: str
    address: str = ""


@dataclass(frozen=True)
class Node:
    """A node of the underlay.

    ``role`` is ``node`` (carries pods), ``reflector`` or ``tor`` (top-of-rack router).
    ``address`` is the IPv4 address on the underlay, ``prefix_length`` its mask, ``device`` the underlay's device.
    ``gateway`` is the ToR's address where the underlay is routed, ``rack`` the number of that ToR.
    """

    name: str
    index: int
    address: str
    role: str = "node"
    device: str = "eth0"
    prefix_length: int = 24
    gateway: str = ""
    rack: int = 0


@dataclass(frozen=True)
class Completed:
    """A finished command: what was typed where, what it printed, how it ended, how long it took (seconds)."""

    place: str
    argv: tuple[str, ...]
    stdout: str
    stderr: str
    exit_code: int
    seconds: float

    @property
    def command(self) -> str:
        """The command as a person would type it."""
        return shlex.join(self.argv)


@dataclass
class Transcript:
    """The commands that built and attested a mode, in order, as they are shown on the mode's page."""

    steps: list[TranscriptStep] = field(default_factory=list)
    phase: str = "build"

    def record(self, done: Completed) -> None:
        """Add a finished command."""
        self.steps.append(
            TranscriptStep(self.phase, done.place, done.command, (done.stdout + done.stderr).rstrip("\n"), done.exit_code)
        )


class Lab(Protocol):
    """A running lab. Made by a backend's ``up`` context manager, which takes it down whatever happens."""

    name: str  # netns | containerlab | kind | cluster
    kernel: str  # host | uml
    facts: Mapping[str, str]  # what the lab itself was made of, for the result: versions, images
    nodes: tuple[Node, ...]  # role "node" only, in order: node1, node2, …
    routers: tuple[Node, ...]  # reflectors and ToRs
    transcript: Transcript
    python: tuple[str, ...]  # the interpreter on its nodes …
    source: str  # … and where it finds this program's code
    paper: bool  # commands are only written down (--dry-run); nothing runs, so nothing can be waited for
    built_by_cni: bool  # a CNI has built the mode on its nodes, and recipes only look
    hidden: Mapping[str, str]  # names that a result must not tell, and what stands in their place
    foreign: bool  # the nodes are somebody's machines: nothing on them is changed, and this machine's counters are not theirs
    refused: str  # why there are no places on the nodes' own network (node1, node2); empty where there are
    stdin: int  # what commands read: nothing, or what tells them inside that this program is still there

    def command(self, place: str, argv: Sequence[str], *, devices: bool = False) -> list[str]:
        """The host command line that runs ``argv`` at ``place`` (a node's or a pod's name).

        With ``devices`` it sees the devices of the place in ``/sys``, which is not worth its time for most commands.
        """
        ...

    def shell(self, place: str) -> list[str]:
        """The host command line by which a person gets a shell at ``place``."""
        ...

    def network_of(self, place: str) -> str:
        """The file of a place's network namespace, by which a process at the empty place can make sockets there.

        Empty where no process can stand in two places.
        """
        ...

    def add_pod(self, pod: Pod) -> None:
        """Create the pod's network namespace on its node (recorded)."""
        ...

    def write_file(self, place: str, path: str, content: str) -> None:
        """Put a configuration file where the commands at ``place`` can read it (recorded as its content)."""
        ...

    def node(self, name: str) -> Node:
        """The node or router of that name."""
        ...


class TypedLab:
    """What every lab shares in which commands are typed at places: files, and who is who."""

    nodes: tuple[Node, ...]
    routers: tuple[Node, ...]
    transcript: Transcript
    facts: Mapping[str, str] = {}
    built_by_cni: bool = False
    hidden: Mapping[str, str] = {}
    foreign: bool = False
    refused: str = ""
    stdin: int = subprocess.DEVNULL

    def command(self, place: str, argv: Sequence[str], *, devices: bool = False) -> list[str]:
        """As :meth:`Lab.command`."""
        raise NotImplementedError

    def shell(self, place: str) -> list[str]:
        """As :meth:`Lab.shell`."""
        return self.command(place, ["bash"], devices=True)

    def network_of(self, place: str) -> str:
        """As :meth:`Lab.network_of`."""
        return ""

    def write_file(self, place: str, path: str, content: str) -> None:
        """Write a file at a place; recorded as ``cat > path`` with its content.

        Raises:
            ExperimentFailed: the file could not be written.
        """
        done = subprocess.run(
            self.command(place, ["tee", path]), input=content, capture_output=True, text=True, timeout=20, check=False,
            env=paths.environment(),
        )
        self.transcript.record(Completed(place, ("cat", ">", path), content, "", done.returncode, 0.0))
        if done.returncode != 0:
            raise ExperimentFailed(f"On {place}: {path} could not be written: {done.stderr.strip()}")

    def node(self, name: str) -> Node:
        """The node or router of that name.

        Raises:
            KeyError: there is none.
        """
        for node in (*self.nodes, *self.routers):
            if node.name == name:
                return node
        raise KeyError(name)


def run(
    lab: Lab,
    place: str,
    argv: Sequence[str],
    *,
    check: bool = True,
    record: bool = True,
    timeout_s: float = 20.0,
    devices: bool = False,
) -> Completed:
    """Run one command at a place and wait for it; with ``devices`` it sees those of the place in ``/sys``.

    Raises:
        ExperimentFailed: it did not end within ``timeout_s`` seconds, said more than ``LARGEST_BYTES``, or (with ``check``)
            its status is not zero.
    """
    started = time.monotonic()
    try:
        done = bounded.run(lab.command(place, argv, devices=devices), timeout_s, LARGEST_BYTES, stdin=lab.stdin,
                           environment=paths.environment())
    except bounded.TooMuch:
        raise ExperimentFailed(
            f"On {place}: `{shlex.join(argv)}` said more than {LARGEST_BYTES // 1024 // 1024} MiB, and was ended.",
            "No tool has so much to say: look at which program of that name is found first in PATH.",
        ) from None
    except bounded.TooLong:
        raise ExperimentFailed(
            f"On {place}: `{shlex.join(argv)}` did not end within {timeout_s:g} s.",
            "Run the same experiment again; if it hangs again, the transcript up to here is in the failed result.",
        ) from None
    completed = Completed(
        place, tuple(argv), _text(done.stdout), own_words(_text(done.stderr)), done.returncode, time.monotonic() - started
    )
    if record:
        lab.transcript.record(completed)
    if check and completed.exit_code != 0:
        said = (completed.stderr or completed.stdout).strip()
        raise ExperimentFailed(f"On {place}: `{completed.command}` ended with {completed.exit_code}: {said}")
    return completed


def _text(said: bytes) -> str:
    return said.decode(errors="replace").replace("\r\n", "\n")


def start(
    lab: Lab, place: str, argv: Sequence[str], *, stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a command at a place and leave it running (a daemon, a capture, a server); recorded with a final ``&``."""
    lab.transcript.steps.append(TranscriptStep(lab.transcript.phase, place, shlex.join(argv) + " &", "", 0))
    # The command that enters the lab waits for the one inside; when it is stopped, the one inside has to stop too.
    inside = ["setpriv", "--pdeathsig", "TERM", *argv]
    return subprocess.Popen(lab.command(place, inside, devices=True), stdin=lab.stdin, stdout=stdout, stderr=stderr,
                            env=paths.environment())


def let_go(owner: object, process: subprocess.Popen[bytes], *files: IO[bytes]) -> None:
    """When the owner of a command is gone, with the lab that has ended it: take in its end, close its pipe and files."""
    weakref.finalize(owner, _let_go, process, files)


def _let_go(process: subprocess.Popen[bytes], files: Sequence[IO[bytes]]) -> None:
    for file in (process.stderr, *files):
        if file is not None:
            file.close()
    if process.poll() is None:
        process.kill()
        process.wait()


def own_words(stderr: str) -> str:
    """What a command said itself, without what was added by the one that led into the lab."""
    return _KUBECTL_ENDED.sub("", stderr)
