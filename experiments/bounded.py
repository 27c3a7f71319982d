"""Commands that are run to their end: for so long, and with so many words, at most. What is beyond that ends them.

A tool that never stops talking would else fill the memory: ``subprocess.run`` keeps all that a command says.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

CHUNK_BYTES = 1 << 16
POLL_S = 0.1


class TooLong(Exception):
    """The command did not end in time."""


class TooMuch(Exception):
    """The command said more than it may."""


def run(
    argv: Sequence[str], timeout_s: float, most_bytes: int, *, stdin: int | IO[bytes] = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None, folder: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command; its status and what it said, at most ``most_bytes`` on each of its two outputs.

    A process that it leaves behind, and that still holds its outputs, is not waited for.

    Raises:
        TooLong: it did not end within ``timeout_s`` seconds; it is killed.
        TooMuch: it said more; it is killed, and whatever writes on is ended by the closed pipe.
        OSError: it cannot be started.
    """
    with subprocess.Popen(list(argv), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                          cwd=folder) as process:
        return ended(process, timeout_s, most_bytes)


def ended(process: subprocess.Popen[bytes], timeout_s: float, most_bytes: int) -> subprocess.CompletedProcess[bytes]:
    """As :func:`run`, of a command that was started with its outputs as pipes; one of them may be the other's.

    Raises:
        TooLong: it did not end within ``timeout_s`` seconds from now; it is killed.
        TooMuch: it said more; it is killed.
    """
    try:
        stdout, stderr = _collect(process, time.monotonic() + timeout_s, most_bytes)
    except BaseException:
        process.kill()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _collect(process: subprocess.Popen[bytes], deadline: float, most_bytes: int) -> tuple[bytes, bytes]:
    said: dict[object, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ended = process.poll() is not None  # asked first: what it said before is there to be read
            ready = selector.select(0 if ended else max(0.0, min(POLL_S, deadline - time.monotonic())))
            if ended and not ready:
                break
            if time.monotonic() > deadline:
                raise TooLong
            for key, _ in ready:
                chunk = os.read(key.fd, CHUNK_BYTES)
                if not chunk:
                    selector.unregister(key.fileobj)
                said[key.fileobj] += chunk
                if len(said[key.fileobj]) > most_bytes:
                    raise TooMuch
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TooLong from None
    return bytes(said[process.stdout]), bytes(said[process.stderr])
