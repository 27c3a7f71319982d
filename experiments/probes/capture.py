"""Packets as they stand on a device: captured by the sniffer on a node, read here by scapy."""

from __future__ import annotations

import io
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from experiments.labs.base import Lab, own_words, start
from experiments.probes import decode, iperf3
from experiments.probes.errors import DecodeError, ProbeError

START_TIMEOUT_S = 5.0
END_TIMEOUT_S = 5.0  # the sniffer outlives the command that led into the lab by what it has still to write
SETTLE_S = 0.02  # for packets that still stand in a device's queue
LARGEST_BYTES = 64 * 1024 * 1024  # twice what so many packets of 64 KiB have
PACKETS = 400  # bounded; a full-size packet is among the first dozen of a transfer


class Capture:
    """A running sniffer whose output we hold in memory."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._bytes = bytearray()
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self) -> None:
        assert self._process.stdout is not None
        while len(self._bytes) < LARGEST_BYTES and (chunk := self._process.stdout.read1(1 << 16)):  # type: ignore[attr-defined]
            self._bytes += chunk
            self._ready.set()
        self._ready.set()

    def wait_ready(self) -> None:
        """Return when the sniffer listens.

        Raises:
            ProbeError: it ended, or did not listen in time.
        """
        if not self._ready.wait(START_TIMEOUT_S) or not self._bytes:
            raise ProbeError(f"The capture did not start: {self._last_words()}")

    def _last_words(self) -> str:
        self._process.terminate()
        _, said = self._process.communicate(timeout=3)
        lines = own_words(said.decode(errors="replace")).strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def stop(self) -> None:
        """Stop the sniffer and take in what it has still to say."""
        time.sleep(SETTLE_S)
        self._process.terminate()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(END_TIMEOUT_S)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None and not self._reader.is_alive():  # to close what is being read would wait for its end
                pipe.close()

    def frames(self) -> list[bytes]:
        """The captured frames, from the Ethernet header on; a last one that was cut short is left out.

        Raises:
            ProbeError: this is not a capture.
        """
        from scapy.error import Scapy_Exception
        from scapy.utils import RawPcapReader

        try:
            with RawPcapReader(io.BytesIO(bytes(self._bytes))) as reader:  # type: ignore[arg-type]  # files work too
                return [bytes(frame) for frame, about in reader if len(frame) == about.caplen]
        except (Scapy_Exception, EOFError) as error:
            raise ProbeError(f"The capture could not be read: {error}") from None

    def full_size(self, port: int = iperf3.PORT, most_bytes: int | None = None) -> bytes:
        """The largest frame of a TCP connection to ``port``: a full-size packet, as segmentation is off meanwhile.

        Where segmentation may not be switched off, ``most_bytes`` leaves larger frames out: the device cuts them itself.
        Where no such connection is seen, the largest frame of all: the attestation then shows what was there instead.

        Raises:
            ProbeError: nothing was captured.
        """
        frames = [frame for frame in self.frames() if most_bytes is None or len(frame) <= most_bytes]
        if not frames:
            raise ProbeError("No packet was captured on the underlay.")
        return max(frames, key=lambda frame: (_carries_tcp_to(frame, port), len(frame)))


def _carries_tcp_to(frame: bytes, port: int) -> bool:
    try:
        innermost = decode.decode(frame)[-1]
    except DecodeError:
        return False
    return innermost.layer == "tcp" and innermost.fields["destination_port"] == port


@contextmanager
def on(lab: Lab, place: str, device: str, holding: bytes = b"") -> Iterator[Capture]:
    """Capture what leaves ``device`` during the block; with ``holding`` only frames with these bytes in their headers."""
    argv = [*lab.python, f"{lab.source}/experiments/probes/sniffer.py", device, str(PACKETS)]
    argv += [holding.hex()] if holding else []
    process = start(lab, place, argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    capture = Capture(process)
    try:
        capture.wait_ready()
        yield capture
    finally:
        capture.stop()
