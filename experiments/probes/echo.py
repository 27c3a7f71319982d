"""Sends one ICMP echo request that must not be fragmented, and prints in one line of JSON what became of it.

A program of its own, started inside a node or a pod: ``python3 echo.py ADDRESS BYTES WAIT_S [TTL]``; BYTES is the length of
the whole IP packet. What comes out is decided by an errno, by the kernel's queue of errors (ip(7), IP_RECVERR) and by the
header of the answer, and not by a tool's words, which change from version to version:

- ``{"outcome": "answered", "by": ADDRESS, "ttl": 63}``: the TTL with which the answer came;
- ``{"outcome": "refused", "by": ADDRESS, "mtu_bytes": 1450}``: too big for the next link; ``by`` is empty where this kernel
  itself refuses it, as it does at once;
- ``{"outcome": "expired", "by": ADDRESS}``: a router says that the TTL ran out;
- ``{"outcome": "unreachable", "by": ADDRESS}``: somebody says that it cannot be delivered;
- ``{"outcome": "no answer"}``.

Standard library only, so that any node's python3 can run it. It wants CAP_NET_RAW, as ping does.
"""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import struct
import sys
import time

# linux/in.h: options of IPPROTO_IP, and the value of IP_MTU_DISCOVER that always sets "don't fragment".
IP_TTL, IP_MTU_DISCOVER, IP_RECVERR, IP_MTU, IP_PMTUDISC_DO = 2, 10, 11, 14, 2
ORIGIN_LOCAL = 1  # linux/errqueue.h: SO_EE_ORIGIN_LOCAL
ERROR = struct.Struct("=IBBBBII")  # linux/errqueue.h: struct sock_extended_err; behind it stands whoever said so
ECHO_REQUEST, ECHO_REPLY, TIME_EXCEEDED = 8, 0, 11  # RFC 792
IP_BYTES, ICMP_BYTES = 20, 8
ANCILLARY_BYTES = 512


def echo(address: str, size_bytes: int, wait_s: float, ttl: int = 0) -> dict[str, object]:
    """Send the request and wait at most ``wait_s`` seconds for what becomes of it."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sender:
        sender.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
        sender.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        if ttl:
            sender.setsockopt(socket.IPPROTO_IP, IP_TTL, ttl)
        mark = os.urandom(4)  # as identifier and sequence number: other echoes on this node are not ours
        try:
            sender.connect((address, 0))
            sender.send(_request(mark, size_bytes - IP_BYTES))
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                return _refused("", sender.getsockopt(socket.IPPROTO_IP, IP_MTU))
            if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
                return {"outcome": "unreachable", "by": ""}
            raise
        return _awaited(sender, mark, wait_s)


def _awaited(sender: socket.socket, mark: bytes, wait_s: float) -> dict[str, object]:
    """What comes back: an answer, or an error about our packet."""
    deadline = time.monotonic() + wait_s
    poller = select.poll()
    poller.register(sender, select.POLLIN)
    while (left_s := deadline - time.monotonic()) > 0:
        if not poller.poll(left_s * 1000):
            break
        said = _error(sender) or _answer(sender, mark)
        if said:
            return said
    return {"outcome": "no answer"}


def _error(sender: socket.socket) -> dict[str, object]:
    """The next entry of the queue of errors; empty if there is none."""
    try:
        _, ancillary, _, _ = sender.recvmsg(0, ANCILLARY_BYTES, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
    except OSError:
        return {}
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, IP_RECVERR) and len(data) >= ERROR.size:
            number, origin, said, _, _, info, _ = ERROR.unpack(data[:ERROR.size])
            by = "" if origin == ORIGIN_LOCAL else socket.inet_ntoa(data[ERROR.size + 4:ERROR.size + 8])
            if number == errno.EMSGSIZE:
                return _refused(by, info)
            return {"outcome": "expired" if said == TIME_EXCEEDED and by else "unreachable", "by": by}
    return {}


def _answer(sender: socket.socket, mark: bytes) -> dict[str, object]:
    """The answer to our request, if that is what has come."""
    try:
        packet, (by, _) = sender.recvfrom(1 << 16, socket.MSG_DONTWAIT)
    except OSError:
        return {}  # an error that was reported meanwhile is in the queue
    header = (packet[0] & 0x0F) * 4
    if packet[header] == ECHO_REPLY and packet[header + 4:header + 8] == mark:
        return {"outcome": "answered", "by": by, "ttl": packet[8]}
    return {}


def _refused(by: str, mtu_bytes: int) -> dict[str, object]:
    return {"outcome": "refused", "by": by, "mtu_bytes": mtu_bytes}


def _request(mark: bytes, size_bytes: int) -> bytes:
    """An echo request with its checksum (RFC 792); its data is zeros."""
    body = mark + bytes(size_bytes - ICMP_BYTES)
    total = ECHO_REQUEST << 8
    total += sum(struct.unpack(f"!{(len(body) + 1) // 2}H", body + bytes(len(body) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!BBH", ECHO_REQUEST, 0, ~total & 0xFFFF) + body


if __name__ == "__main__":
    print(json.dumps(echo(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *map(int, sys.argv[4:]))))
