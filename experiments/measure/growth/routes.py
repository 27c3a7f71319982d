"""When routes reach many kernel tables: by the kernel's own word, without asking again and again.

A socket of rtnetlink(7) in each namespace hears of every route that is added or taken away (RTMGRP_IPV4_ROUTE). To ask two
hundred tables in turn would take half a second of the very processors on which the daemons work.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import struct
import time
from collections.abc import Iterator, Mapping

GROUP = 0x40  # linux/rtnetlink.h: RTMGRP_IPV4_ROUTE
ADDED, REMOVED = 24, 25  # RTM_NEWROUTE, RTM_DELROUTE
BIRD = 12  # RTPROT_BIRD
MAIN, UNICAST = 254, 1  # RT_TABLE_MAIN, RTN_UNICAST
DESTINATION = 1  # RTA_DST
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_ROUTE = struct.Struct("=8BI")  # rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags
_ATTRIBUTE = struct.Struct("=HH")  # rtattr: length, type
RECEIVE_BYTES = 65536
QUEUE_BYTES = 4 * 1024 * 1024  # asked for; the kernel gives what net.core.rmem_max allows


def changes(data: bytes) -> Iterator[tuple[bool, str]]:
    """What a message says of BIRD's routes: whether one was added, and its destination (``192.168.2.0/26``).

    Whatever else it holds, or where it is cut short, is passed over.
    """
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size or at + length > len(data):
            return
        if kind in (ADDED, REMOVED):
            destination = _destination(data[at + _HEADER.size:at + length])
            if destination:
                yield kind == ADDED, destination
        at += (length + 3) & ~3


def _destination(body: bytes) -> str:
    if len(body) < _ROUTE.size:
        return ""
    family, bits, _, _, table, protocol, _, kind, _ = _ROUTE.unpack_from(body)
    if (family, table, protocol, kind) != (socket.AF_INET, MAIN, BIRD, UNICAST):
        return ""
    at = _ROUTE.size
    while at + _ATTRIBUTE.size <= len(body):
        length, attribute = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size or at + length > len(body):
            return ""
        if attribute == DESTINATION and length == _ATTRIBUTE.size + 4:
            return f"{socket.inet_ntoa(body[at + _ATTRIBUTE.size:at + length])}/{bits}"
        at += (length + 3) & ~3
    return ""


class Lost(Exception):
    """A table told more than was heard."""


class Watch:
    """BIRD's routes in many tables, by the places they are in."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._present: dict[str, set[str]] = {}
        self._arrive: dict[str, set[str]] = {}
        self._vanish: dict[str, set[str]] = {}
        self.left = 0  # how much has not come, or not gone
        self.last = 0.0  # time.monotonic() when the newest thing that was waited for had happened

    def listen(self, place: str) -> None:
        """Hear of the table of the namespace in which this thread is now."""
        heard = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, QUEUE_BYTES)
        heard.bind((0, GROUP))
        self._selector.register(heard, selectors.EVENT_READ, place)
        self._present[place] = set()

    def expect(self, arrive: Mapping[str, set[str]], vanish: Mapping[str, set[str]]) -> None:
        """Wait from now on until these have come and those have gone."""
        self._arrive = {place: set(wanted) for place, wanted in arrive.items()}
        self._vanish = {place: set(unwanted) for place, unwanted in vanish.items()}
        self.left = sum(len(left) for left in self.lacking.values())

    @property
    def lacking(self) -> dict[str, set[str]]:
        """What has not come, or not gone, by place."""
        found = {place: wanted - self._present[place] for place, wanted in self._arrive.items()}
        for place, unwanted in self._vanish.items():
            found[place] = found.get(place, set()) | (unwanted & self._present[place])
        return {place: left for place, left in found.items() if left}

    def hear(self, seconds: float) -> None:
        """Take in what the kernel has told; wait up to ``seconds`` for something.

        Raises:
            Lost: it told more than the socket could hold.
        """
        for key, _ in self._selector.select(seconds):
            with contextlib.suppress(BlockingIOError):
                while True:
                    self._take(key.data, self._receive(key.fileobj, key.data))

    @staticmethod
    def _receive(heard: object, place: str) -> bytes:
        assert isinstance(heard, socket.socket)
        try:
            return heard.recv(RECEIVE_BYTES)
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                raise Lost(place) from None
            raise

    def _take(self, place: str, data: bytes) -> None:
        present = self._present[place]
        for added, destination in changes(data):
            if added == (destination in present):
                continue  # one of its attributes changed
            (present.add if added else present.discard)(destination)
            wanted = destination in self._arrive.get(place, ())
            if wanted or destination in self._vanish.get(place, ()):
                self.left += -1 if added == wanted else 1
                self.last = time.monotonic()
