"""Generic netlink as far as the Open vSwitch datapath needs it (netlink(7); linux/genetlink.h, linux/openvswitch.h)."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator, Mapping

NETLINK_GENERIC = 16
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 0x10, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
NLM_F_REQUEST, NLM_F_ACK, NLM_F_ECHO, NLM_F_DUMP = 1, 4, 8, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NESTED = 0x8000
RECEIVE_BYTES = 1 << 17

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_GENERIC = struct.Struct("=BBH")  # command, version, reserved


def attribute(kind: int, payload: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + bytes(-length % 4)


def nested(kind: int, *parts: bytes) -> bytes:
    """An attribute that holds attributes."""
    return attribute(kind | NESTED, b"".join(parts))


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes in a payload; stops at one that is cut short."""
    offset = 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        if length < 4 or offset + length > len(data):
            return
        yield kind & ~NESTED, data[offset + 4:offset + length]
        offset += (length + 3) & ~3


class Socket:
    """A generic netlink socket: requests with their acknowledgement, and messages that come by themselves."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((0, 0))
        self.port: int = self.socket.getsockname()[0]
        self._sequence = 0
        self._families: dict[str, int] = {}
        self.waiting: list[tuple[int, int, bytes]] = []  # messages that came while an answer was waited for

    def family(self, name: str) -> int:
        """The number of a family.

        Raises:
            OSError: the kernel does not have it.
        """
        if name not in self._families:
            ask = attribute(CTRL_ATTR_FAMILY_NAME, name.encode() + b"\0")
            answer = self._exchange(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, ask, NLM_F_REQUEST | NLM_F_ACK)
            self._families[name] = struct.unpack("=H", dict(attributes(answer))[CTRL_ATTR_FAMILY_ID])[0]
        return self._families[name]

    def request(self, family: str, command: int, version: int, body: bytes, *, echo: bool = False) -> bytes:
        """A request; with ``echo`` the kernel says what it made (the answer's body), else it only acknowledges.

        Raises:
            OSError: the kernel refused.
        """
        flags = NLM_F_REQUEST | NLM_F_ACK | (NLM_F_ECHO if echo else 0)
        return self._exchange(self.family(family), command, version, body, flags)

    def dump(self, family: str, command: int, version: int, body: bytes) -> list[bytes]:
        """All answers to a request for a list.

        Raises:
            OSError: the kernel refused.
        """
        sequence = self._send(self.family(family), command, version, body, NLM_F_REQUEST | NLM_F_DUMP)
        found: list[bytes] = []
        while True:
            for kind, got_sequence, message in self._receive():
                if got_sequence != sequence:
                    self.waiting.append((kind, got_sequence, message))
                elif kind == NLMSG_DONE:
                    return found
                elif kind == NLMSG_ERROR:
                    raise OSError(-struct.unpack_from("=i", message)[0], "the list was refused")
                else:
                    found.append(message[_GENERIC.size:])

    def _send(self, kind: int, command: int, version: int, body: bytes, flags: int) -> int:
        self._sequence += 1
        payload = _GENERIC.pack(command, version, 0) + body
        header = _HEADER.pack(_HEADER.size + len(payload), kind, flags, self._sequence, self.port)
        self.socket.send(header + payload)
        return self._sequence

    def _exchange(self, kind: int, command: int, version: int, body: bytes, flags: int) -> bytes:
        sequence = self._send(kind, command, version, body, flags)
        answer = b""
        while True:
            for got_kind, got_sequence, message in self._receive():
                if got_sequence != sequence:
                    self.waiting.append((got_kind, got_sequence, message))
                elif got_kind == NLMSG_ERROR:
                    code = -struct.unpack_from("=i", message)[0]
                    if code:
                        raise OSError(code, os.strerror(code))
                    return answer
                else:
                    answer = message[_GENERIC.size:]

    def _receive(self) -> list[tuple[int, int, bytes]]:
        data = self.socket.recv(RECEIVE_BYTES)
        found, offset = [], 0
        while offset + _HEADER.size <= len(data):
            length, kind, _, sequence, _ = _HEADER.unpack_from(data, offset)
            if length < _HEADER.size or offset + length > len(data):
                break
            found.append((kind, sequence, data[offset + _HEADER.size:offset + length]))
            offset += (length + 3) & ~3
        return found

    def messages(self) -> Iterator[tuple[int, int, bytes]]:
        """What has come by itself: family, command, body. Does not block."""
        while self.waiting:
            kind, _, message = self.waiting.pop(0)
            if kind != NLMSG_ERROR and len(message) >= _GENERIC.size:
                yield kind, message[0], message[_GENERIC.size:]
        self.socket.setblocking(False)
        try:
            for kind, _, message in self._receive():
                if kind != NLMSG_ERROR and len(message) >= _GENERIC.size:
                    yield kind, message[0], message[_GENERIC.size:]
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                raise
        finally:
            self.socket.setblocking(True)


def by_kind(data: bytes) -> Mapping[int, bytes]:
    """Attributes as a mapping; the last one of a kind counts."""
    return dict(attributes(data))
