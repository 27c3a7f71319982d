"""The embedded lab: nodes and pods as network namespaces inside one private process tree.

``unshare`` makes a user, mount, network and PID namespace. Its first process is a ``cat`` that reads a pipe whose
other end only the runner holds. However the runner ends (return, Ctrl-C, SIGKILL), the pipe closes, ``cat`` ends, and
with the first process of a PID namespace the kernel kills every other one in it; with the last process go the network
namespaces, links and mounts. So there is nothing to clean up: no state on disk, no name on the host.

Commands enter by ``nsenter`` and ``ip netns exec``, about 4 ms each. No root is needed, only user namespaces.
"""

from __future__ import annotations

import contextlib
import select
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments.errors import ExperimentFailed, UserError
from experiments.labs.base import Completed, Node, Pod, Transcript, Underlay, run

UP_TIMEOUT_S = 10.0
DOWN_TIMEOUT_S = 10.0

# A constant program: a private /run for `ip netns` and the daemons' sockets, then the wait for the runner's end.
_INIT = "mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/podpath && echo ready && exec cat >/dev/null"


class NetnsLab:
    """A running embedded lab; satisfies :class:`experiments.labs.base.Lab`. Made by :func:`up`."""

    name = "netns"
    paper = False

    def __init__(self, init_pid: int, kernel: str) -> None:
        self.enter = [
            "nsenter", "--target", str(init_pid), "--user", "--preserve-credentials", "--net", "--mount", "--pid",
        ]
        self.kernel = kernel
        self.nodes: tuple[Node, ...] = ()
        self.routers: tuple[Node, ...] = ()
        self.pods: tuple[Pod, ...] = ()
        self.transcript = Transcript(phase="up")

    def command(self, place: str, argv: Sequence[str]) -> list[str]:
        """The host command line that runs ``argv`` at ``place``; the empty place is the lab itself."""
        return [*self.enter, *(["ip", "netns", "exec", place] if place else []), *argv]

    def add_pod(self, pod: Pod) -> None:
        """Create the pod's network namespace."""
        run(self, "", ["ip", "netns", "add", pod.name])
        run(self, pod.name, ["ip", "link", "set", "lo", "up"])
        self.pods += (pod,)

    def write_file(self, place: str, path: str, content: str) -> None:
        """Write a file on the lab's private /run; recorded as ``cat > path`` with its content.

        Raises:
            ExperimentFailed: the file could not be written.
        """
        done = subprocess.run(
            self.command(place, ["tee", path]), input=content, capture_output=True, text=True, timeout=20, check=False
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


class PaperLab(NetnsLab):
    """A lab on paper: every command is recorded, none is run."""

    paper = True

    def command(self, place: str, argv: Sequence[str]) -> list[str]:
        """A command that does nothing."""
        return ["true"]


@contextlib.contextmanager
def up(
    *, nodes: int = 2, underlay: Underlay = "l2", reflectors: int = 0, mtu_bytes: int = 1500, kernel: str = "host"
) -> Iterator[NetnsLab]:
    """Bring up ``nodes`` nodes on an underlay; take everything down at the end of the block, whatever happens in it.

    ``underlay`` ``l2`` is one Ethernet segment (a bridge); ``routed`` gives each node a rack of its own with a
    top-of-rack router between it and the others.

    Raises:
        UserError: user namespaces are not allowed here, or a tool is missing.
        ExperimentFailed: the lab did not come up.
    """
    holder = _hold()
    try:
        lab = NetnsLab(_init_pid(holder), kernel)
        _underlay(lab, nodes, underlay, reflectors, mtu_bytes)
        yield lab
    finally:
        _down(holder)


def on_paper(*, nodes: int = 2, underlay: Underlay = "l2", reflectors: int = 0, mtu_bytes: int = 1500) -> NetnsLab:
    """The same lab, of which only the commands are written down: what ``--dry-run`` shows."""
    lab = PaperLab(0, "host")
    _underlay(lab, nodes, underlay, reflectors, mtu_bytes)
    return lab


def _underlay(lab: NetnsLab, nodes: int, underlay: Underlay, reflectors: int, mtu_bytes: int) -> None:
    if underlay == "l2":
        _l2(lab, nodes, reflectors, mtu_bytes)
    else:
        _routed(lab, nodes, mtu_bytes)
    lab.transcript.phase = "build"


def _hold() -> subprocess.Popen[bytes]:
    """Start the private namespaces and wait until they are ready."""
    argv = [
        "unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
        "sh", "-c", _INIT,
    ]
    try:
        # A session of its own: Ctrl-C reaches the runner, which then takes the lab down in order.
        holder = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
    except FileNotFoundError:
        raise UserError(
            "`unshare` is not installed, the embedded lab needs it.", "Install util-linux: `invoke setup`."
        ) from None
    try:
        assert holder.stdout is not None
        readable, _, _ = select.select([holder.stdout], [], [], UP_TIMEOUT_S)
        if readable and holder.stdout.readline() == b"ready\n":
            return holder
        holder.kill()
        _, said = holder.communicate(timeout=DOWN_TIMEOUT_S)
        raise UserError(
            f"The embedded lab could not make its namespaces: {said.decode(errors='replace').strip() or 'no answer'}.",
            "User namespaces may be switched off here; `invoke list` says by what, and how to allow them.",
        )
    except BaseException:
        _down(holder)
        raise


def _init_pid(holder: subprocess.Popen[bytes]) -> int:
    """The first process inside: the only child of ``unshare``."""
    children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
    if len(children) != 1:
        raise ExperimentFailed("The embedded lab's first process was not found.", "Run the experiment again.")
    return int(children[0])


def _down(holder: subprocess.Popen[bytes]) -> None:
    """Close the pipe, so that the kernel removes the lab; insist if it takes too long."""
    for pipe in (holder.stdin, holder.stdout, holder.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        holder.wait(DOWN_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        holder.kill()  # --kill-child takes the first process with it
        holder.wait(DOWN_TIMEOUT_S)


def _add_namespace(lab: NetnsLab, name: str, *, forwarding: bool) -> None:
    run(lab, "", ["ip", "netns", "add", name])
    run(lab, name, ["ip", "link", "set", "lo", "up"])
    if forwarding:
        run(lab, name, ["sysctl", "-qw", "net.ipv4.ip_forward=1"])


def _link(lab: NetnsLab, place: str, device: str, peer_place: str, peer_device: str, mtu_bytes: int) -> None:
    """A veth pair between two namespaces, both ends up."""
    mtu = str(mtu_bytes)
    run(
        lab, place,
        ["ip", "link", "add", device, "mtu", mtu, "type", "veth", "peer", "name", peer_device, "mtu", mtu,
         "netns", peer_place],
    )
    run(lab, place, ["ip", "link", "set", device, "up"])
    run(lab, peer_place, ["ip", "link", "set", peer_device, "up"])


def _segment(lab: NetnsLab, mtu_bytes: int) -> None:
    """The Ethernet segment: a bridge in a namespace of its own, without spanning tree."""
    _add_namespace(lab, "underlay", forwarding=False)
    run(lab, "underlay", ["ip", "link", "add", "br0", "mtu", str(mtu_bytes), "type", "bridge", "stp_state", "0"])
    run(lab, "underlay", ["ip", "link", "set", "br0", "up"])


def _attach(lab: NetnsLab, node: Node, port: str, mtu_bytes: int) -> None:
    """Join a namespace to the segment by ``node.device`` and give it its address."""
    _link(lab, node.name, node.device, "underlay", port, mtu_bytes)
    run(lab, "underlay", ["ip", "link", "set", port, "master", "br0"])
    run(lab, node.name, ["ip", "address", "add", f"{node.address}/{node.prefix_length}", "dev", node.device])


def _l2(lab: NetnsLab, nodes: int, reflectors: int, mtu_bytes: int) -> None:
    _segment(lab, mtu_bytes)
    lab.nodes = tuple(Node(f"node{i}", i, f"172.31.0.{i}") for i in range(1, nodes + 1))
    lab.routers = tuple(
        Node(f"rr{i}", 100 + i, f"172.31.0.{100 + i}", role="reflector") for i in range(1, reflectors + 1)
    )
    for node in (*lab.nodes, *lab.routers):
        _add_namespace(lab, node.name, forwarding=True)
        _attach(lab, node, f"port{node.index}", mtu_bytes)
        # Any real node has a default route, and proxy ARP answers only for addresses that have one. Nobody is there.
        run(lab, node.name, ["ip", "route", "add", "default", "dev", node.device])


def _routed(lab: NetnsLab, nodes: int, mtu_bytes: int) -> None:
    """A rack a node: node -- ToR -- spine segment. The fabric routes the racks' networks itself (static routes)."""
    _segment(lab, mtu_bytes)
    racks = range(1, nodes + 1)
    tors = tuple(Node(f"tor{i}", i, f"172.31.255.{i}", role="tor", device="spine") for i in racks)
    members = tuple(Node(f"node{i}", i, f"172.31.{i}.10", gateway=f"172.31.{i}.1") for i in racks)
    for tor, node in zip(tors, members, strict=True):
        _add_namespace(lab, tor.name, forwarding=True)
        _attach(lab, tor, f"port{tor.index}", mtu_bytes)
        _add_namespace(lab, node.name, forwarding=True)
        _link(lab, node.name, node.device, tor.name, "rack", mtu_bytes)
        run(lab, tor.name, ["ip", "address", "add", f"{node.gateway}/24", "dev", "rack"])
        run(lab, node.name, ["ip", "address", "add", f"{node.address}/24", "dev", node.device])
        run(lab, node.name, ["ip", "route", "add", "default", "via", node.gateway])
    for tor in tors:
        for other in tors:
            if other != tor:
                rack = f"172.31.{other.index}.0/24"
                run(lab, tor.name, ["ip", "route", "add", rack, "via", other.address])
    lab.nodes, lab.routers = members, tors

