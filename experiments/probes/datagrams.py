"""Datagrams between two sockets of one process, in a closed window: so many are sent, then all of them are read.

A part of the program :mod:`experiments.probes.one_process`. The sender never gets ahead of the receiver by more than the
window, so what is lost was lost on the way, and no rate has to be searched for.
"""

from __future__ import annotations

import select
import socket
import struct
from typing import Any

QUIET_MS = 20  # without a datagram: what is missing of a window counts as lost, until it comes after all
LATE_MS = 200  # the same at the end of a slice: on a busy machine a relay waits for the processor
TRIES, ANSWER_MS = 10, 200  # for the first datagram: neighbours are asked for, and flows are made
SILENT_WINDOWS = 100  # of which nothing came, one after the other: nothing passes
MOST_LOST = 100  # in a slice: far more than a trial may lose (experiments/results/rules_of_counters.py); each is waited for
STAMP = struct.Struct("!Q")  # at the beginning of a datagram: the number of its window


class Datagrams:
    """A connected pair of sockets. ``came``, ``came_bytes`` and ``lost`` count since they were made."""

    def __init__(self, near: socket.socket, far: socket.socket, size: int, window: int) -> None:
        self._near, self._far, self._window = near, far, window
        self._data, self._stamp = bytearray(size), b""
        self._number = self._missing = 0
        self._since = 1  # the first window that counts
        self._readable = select.poll()
        self._readable.register(far, select.POLLIN)
        self.came = self.came_bytes = self.lost = 0
        self._meet()

    def _meet(self) -> None:
        """Connect the far end to whom the first datagram comes from."""
        for _ in range(TRIES):
            self._near.send(self._data)
            if self._readable.poll(ANSWER_MS):
                self._far.connect(self._far.recvfrom(1)[1])
                for end in (self._near, self._far):
                    end.setblocking(False)
                return
        raise TimeoutError("no datagram came through")

    def afresh(self) -> None:
        """From here on only datagrams of later windows count."""
        self._since = self._number + 1

    def turn(self, buffer: bytearray) -> int:
        """Send a window and read it; how many of it came."""
        self._number += 1
        self._stamp = STAMP.pack(self._number)
        self._data[:STAMP.size] = self._stamp
        try:
            for _ in range(self._window):
                self._near.send(self._data)
                self._missing += 1
        except BlockingIOError:  # the socket's own buffer is smaller than the window: then the window is smaller
            pass
        sent = self._missing
        self._read(buffer, QUIET_MS)
        missing, self._missing = self._missing, 0
        self.lost += missing
        return sent - missing

    def late(self, buffer: bytearray) -> None:
        """Wait once more for what seems to be lost."""
        self._read(buffer, LATE_MS, all_of_it=True)

    def _read(self, buffer: bytearray, quiet_ms: int, *, all_of_it: bool = False) -> None:
        """Read until nothing is missing, or nothing comes."""
        receive, length = self._far.recv_into, STAMP.size
        while self._missing or all_of_it:
            try:
                size = receive(buffer)
            except BlockingIOError:
                if not self._readable.poll(quiet_ms):
                    return
                continue
            if buffer[:length] == self._stamp:
                if self._missing:
                    self._missing -= 1
                else:
                    self.lost -= 1
            elif STAMP.unpack_from(buffer)[0] >= self._since:
                self.lost -= 1
            else:
                continue
            self.came += 1
            self.came_bytes += size


def datagram(path: Any, count: Any, buffer: bytearray, data: bytes, burst: bytes) -> None:
    """Window after window, for one slice."""
    flow: Datagrams = path.datagrams
    flow.afresh()
    silent, before = 0, flow.lost
    while not count.over:
        silent = 0 if flow.turn(buffer) else silent + 1
        if silent > SILENT_WINDOWS:
            raise TimeoutError("nothing came through")
        if flow.lost - before > MOST_LOST:
            raise ConnectionError(f"more than {MOST_LOST} datagrams were lost in one slice")
        if count.look():
            flow.afresh()
    if flow.lost > before:
        flow.late(buffer)
