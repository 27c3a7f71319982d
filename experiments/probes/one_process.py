"""Both ends of a connection in one process: the program that `experiments.probes.slices` runs inside a lab.

One process holds the sending and the receiving socket, of the mode and of its baseline, each made in its own network
namespace. It sends and then reads what has come, in turn, so that no other process has to be woken and nothing waits
for a scheduler. Slices of the paths alternate. A slice lasts for a fixed time of the *processor* (its own and that of the
mode's relays, :func:`~experiments.probes.account.clock_of`), not of the wall: on a busy machine it takes longer and counts
the same.

It imports only two small modules of this package, because it starts in a place where a start takes time. On its standard
input: one JSON object that says what is asked, then lines with a list of orders ([[0, 1], [1, 0], …]), an empty line ends
it. On its standard output: one line of JSON for each.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import socket
import struct
import sys
import time
from typing import Any

from experiments.probes.account import LOOPBACK, Slice, Work, clock_is_whole, tallied
from experiments.probes.datagrams import Datagrams, datagram

CLONE_NEWNET = 0x40000000  # linux/sched.h
TCP_INFO_BYTES = 232  # linux/tcp.h, struct tcp_info, as far as it is read here
TOTAL_RETRANSMITS_AT, BYTES_RECEIVED_AT = 100, 128  # tcpi_total_retrans, tcpi_bytes_received
CHUNK = 131072  # bytes of a write: what iperf3 writes (its TCP default)
SIOCOUTQ = 0x5411  # linux/sockios.h: bytes sent and not yet acknowledged
SETTLE_MS = 1  # between two looks whether everything has arrived
LONGEST_WAIT_MS = 2000  # for something to arrive, before it is lost
FIRST_PORT = 5300
FLOOR_PORT = 99  # added to it
LOOK_EVERY = 8  # round trips between two looks at the clock of the processor
FLOOR_SLICES = 8  # over the loopback, before the pairs

_libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace: str) -> None:
    """Make sockets in a network namespace from now on."""
    handle = os.open(namespace, os.O_RDONLY)
    try:
        if _libc.setns(handle, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"{namespace} cannot be entered")
    finally:
        os.close(handle)


class Path:
    """One way between two namespaces: a listener, and its connections, each with both of its ends."""

    def __init__(self, number: int, asked: dict[str, Any], ask: dict[str, Any]) -> None:
        self.client, self.server = asked["client"], asked["server"]
        self.address = (asked["address"], FIRST_PORT + number)
        self._ask = ask
        enter(self.server)
        self.listener = self._socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._ask["window_bytes"]:  # what is accepted here inherits it
            self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, self._ask["window_bytes"])
        self.listener.bind(self.address)
        self.listener.listen(16)  # connections are accepted one by one, so none waits for another
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.once_bytes = 0  # received over connections that did not stay
        self.datagrams: Datagrams | None = None

    def _socket(self) -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, self._ask["congestion_control"].encode())
        if self._ask["mss_bytes"]:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, self._ask["mss_bytes"])
        made.settimeout(LONGEST_WAIT_MS / 1000)
        return made

    def dial(self) -> tuple[socket.socket, socket.socket]:
        """A connection; its client's end is made in the namespace that was entered last."""
        near = self._socket()
        near.connect(self.address)
        far, _ = self.listener.accept()
        return near, far

    def connect(self, count: int) -> None:
        """Make the connections that stay."""
        enter(self.client)
        for _ in range(count):
            pair = self.dial()
            for end in pair:
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.pairs.append(pair)

    def meet(self) -> None:
        """Make the sockets of datagrams."""
        ends = []
        for place in (self.server, self.client):
            enter(place)
            ends.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        far, near = ends
        far.bind(self.address)
        near.connect(self.address)
        self.datagrams = Datagrams(near, far, self._ask["datagram_bytes"], self._ask["datagram_window"])

    def carried(self) -> tuple[int, int, int]:
        """Bytes that came so far; datagrams that came, and that did not."""
        flow = self.datagrams
        came_bytes = self.told(1, BYTES_RECEIVED_AT, "Q") + self.once_bytes
        return (came_bytes + flow.came_bytes, flow.came, flow.lost) if flow else (came_bytes, 0, 0)

    def still(self) -> int:
        """How many of the connections that stay have carried nothing yet."""
        told = (far.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES) for _, far in self.pairs)
        return sum(not struct.unpack_from("Q", info, BYTES_RECEIVED_AT)[0] for info in told)

    def told(self, end: int, at: int, form: str) -> int:
        """A number of the kernel's own about all connections: of the near ends (0) or the far ones (1)."""
        return sum(struct.unpack_from(form, pair[end].getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES), at)[0]
                   for pair in self.pairs)


def stream(path: Path, count: Slice, buffer: bytearray, data: bytes, burst: bytes) -> None:
    """Send as much as fits, read what has come, and so on; wait only where neither is possible."""
    waiting = select.poll()
    for near, far in path.pairs:
        waiting.register(near, select.POLLOUT)
        waiting.register(far, select.POLLIN)
    while not count.over:
        moved = False
        for near, far in path.pairs:
            try:
                near.send(data)
                moved = True
            except BlockingIOError:
                pass
            moved = read_all(far, buffer) or moved
        if not moved and not waiting.poll(LONGEST_WAIT_MS):
            raise TimeoutError("nothing came through")
        count.look()
    for _, far in path.pairs:
        read_all(far, buffer)


def settle(path: Path, buffer: bytearray, wall_s: float) -> None:
    """Wait until all that was sent has come and is acknowledged: what a relay still has would count to the next slice."""
    latest = time.monotonic() + wall_s
    waiting = select.poll()
    for _, far in path.pairs:
        waiting.register(far, select.POLLIN)
    while any(struct.unpack("i", fcntl.ioctl(near, SIOCOUTQ, bytes(4)))[0] for near, _ in path.pairs):
        if time.monotonic() > latest:
            raise TimeoutError("what was sent did not arrive")
        waiting.poll(SETTLE_MS)
        for _, far in path.pairs:
            read_all(far, buffer)


def read_all(far: socket.socket, buffer: bytearray) -> bool:
    """Read what is there; whether there was anything."""
    found = False
    with contextlib.suppress(BlockingIOError):
        while size := far.recv_into(buffer):
            found = True
            if size < len(buffer):
                break
    return found


def read(end: socket.socket, buffer: bytearray, size: int) -> None:
    """Read exactly so many bytes; without going to sleep where they have already come."""
    while size:
        try:
            got = end.recv_into(buffer, min(size, len(buffer)))
        except BlockingIOError:
            waiting = select.poll()
            waiting.register(end, select.POLLIN)
            if not waiting.poll(LONGEST_WAIT_MS):
                raise TimeoutError("no answer came") from None
            continue
        if not got:
            raise ConnectionError("the connection ended")
        size -= got


def request(path: Path, count: Slice, buffer: bytearray, data: bytes, burst: bytes) -> list[int]:
    """Request and response in turn, each behind a burst on another connection if there is one; nanoseconds of each."""
    near, far = path.pairs[0]
    found: list[int] = []
    turns = 0
    while not count.over:
        if burst:
            bulk_near, bulk_far = path.pairs[1]
            with contextlib.suppress(BlockingIOError):
                bulk_near.send(burst)
        started = time.monotonic_ns()
        near.send(data)
        read(far, buffer, len(data))
        far.send(data)
        read(near, buffer, len(data))
        found.append(time.monotonic_ns() - started)
        if burst:
            read_all(bulk_far, buffer)
        turns += 1
        if turns % LOOK_EVERY == 0 and count.look():
            found.clear()
    return found


def setup(path: Path, count: Slice, buffer: bytearray, data: bytes, burst: bytes) -> list[int]:
    """Connect, request, response, close: nanoseconds of each.

    The server closes first, so that no port of the client's has to wait before it is used again (TIME-WAIT, RFC 9293).
    """
    enter(path.client)
    found: list[int] = []
    while not count.over:
        started = time.monotonic_ns()
        near, far = path.dial()
        near.send(data)
        far.setblocking(False)
        read(far, buffer, len(data))
        path.once_bytes += len(data)
        far.send(data)
        near.setblocking(False)
        read(near, buffer, len(data))
        far.close()
        near.close()
        found.append(time.monotonic_ns() - started)
        if count.look():
            found.clear()
    return found


WAYS: dict[str, Any] = {"stream": stream, "request": request, "setup": setup, "datagram": datagram}
TIMED = ("request", "setup")  # of which each turn has a length


def floor_ns(ask: dict[str, Any], work: Work, buffer: bytearray, data: bytes) -> int:
    """The median of what is asked over the loopback of the first client: what this program and the sockets take themselves."""
    inside = ask["paths"][0]["client"]
    path = Path(FLOOR_PORT, {"client": inside, "server": inside, "address": LOOPBACK}, ask)
    path.connect(1)
    found: list[int] = []
    for _ in range(FLOOR_SLICES):
        found += WAYS[ask["kind"]](path, Slice(work, ask, path), buffer, data, b"")
    return sorted(found)[len(found) // 2]


def main() -> None:
    """Until an empty line comes."""
    ask = json.loads(sys.stdin.readline())
    enter(ask["paths"][0]["client"])
    whole = clock_is_whole()
    paths = [Path(number, asked, ask) for number, asked in enumerate(ask["paths"])]
    for path in paths:
        path.connect(ask["connections"])
        if ask["datagram_bytes"]:
            path.meet()
    work, buffer = Work(ask["pids"], whole=whole), bytearray(1 << 20)
    data, burst = bytes(ask["message_bytes"] or CHUNK), bytes(ask["burst_bytes"])
    mss = [path.pairs[0][0].getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) for path in paths]
    floor = floor_ns(ask, work, buffer, data) if ask["kind"] in TIMED else 0
    print(json.dumps({"processors": sorted(os.sched_getaffinity(0)), "mss_bytes": mss, "floor_ns": floor,
                      "clock": "processor" if whole else "wall"}), flush=True)
    while line := sys.stdin.readline().strip():
        pairs = []
        for order in json.loads(line):
            pair: list[Any] = [None] * len(paths)
            for number in order:
                path = paths[number]
                count = Slice(work, ask, path)
                again = path.told(0, TOTAL_RETRANSMITS_AT, "I")
                times = WAYS[ask["kind"]](path, count, buffer, data, burst)
                one = {"account": count.account(), "retransmits": path.told(0, TOTAL_RETRANSMITS_AT, "I") - again,
                       "still": path.still()}
                settle(path, buffer, ask["wall_s"])
                pair[number] = one if times is None else {**one, "times": tallied(times)}
            pairs.append(pair)
        print(json.dumps(pairs), flush=True)


def run() -> None:
    """The program."""
    try:
        main()
    except Exception as error:  # the reason is the last line; the caller reads it
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
        sys.exit(1)
