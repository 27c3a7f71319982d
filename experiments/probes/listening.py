"""A tool's server for the length of one measurement: started, waited for, ended, and its port free again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from experiments.errors import ExperimentFailed
from experiments.labs.base import Lab, own_words, run, start
from experiments.probes.errors import ProbeError

START_TIMEOUT_S = 5.0
END_TIMEOUT_S = 2.0
POLL_S = 0.01


@contextmanager
def serving(lab: Lab, place: str, argv: Sequence[str], port: int, *, ends_itself: bool = False) -> Iterator[None]:
    """Run a TCP server at ``place`` during the block; afterwards it is gone, whatever happened in the block.

    ``ends_itself``: a server of one client, which is given ``END_TIMEOUT_S`` seconds to finish in order.

    Raises:
        ProbeError: it ended before it listened on ``port``, or did not listen in time, or would not go.
    """
    process = start(lab, place, argv, stderr=subprocess.PIPE)
    try:
        _wait_until_listening(lab, place, port, process)
        yield
    except BaseException:
        _end(process, patience_s=0)
        with suppress(ProbeError):  # what was raised first is the reason
            _wait_until_free(lab, place, port)
        raise
    _end(process, patience_s=END_TIMEOUT_S if ends_itself else 0)
    _wait_until_free(lab, place, port)


def _wait_until_listening(lab: Lab, place: str, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ProbeError(f"The server on {place} ended before it listened on port {port}: {_last_words(process)}")
        if _somebody_listens(lab, place, port):
            return
        time.sleep(POLL_S)
    raise ProbeError(f"The server on {place} did not listen on port {port} within {START_TIMEOUT_S:g} s.")


def _wait_until_free(lab: Lab, place: str, port: int) -> None:
    """The process that we started enters the lab for the server; the server itself may end a moment later."""
    deadline = time.monotonic() + END_TIMEOUT_S
    while _somebody_listens(lab, place, port):
        if time.monotonic() > deadline:
            raise ProbeError(f"The server on {place} still holds port {port} after the measurement.")
        time.sleep(POLL_S)


def _somebody_listens(lab: Lab, place: str, port: int) -> bool:
    argv = ["ss", "--no-header", "--listening", "--tcp", "--numeric", f"sport = :{port}"]
    try:
        return bool(run(lab, place, argv, record=False).stdout.strip())
    except ExperimentFailed as failure:
        raise ProbeError(f"Whether a server listens could not be asked: {failure.problem}") from None


def _last_words(process: subprocess.Popen[bytes]) -> str:
    """The last line that the ended server wrote to its standard error."""
    said = process.stderr.read().decode(errors="replace") if process.stderr is not None else ""
    lines = own_words(said).strip().splitlines()
    return lines[-1][:200] if lines else f"exit status {process.returncode}"


def _end(process: subprocess.Popen[bytes], *, patience_s: float) -> None:
    try:
        with suppress(subprocess.TimeoutExpired):
            if patience_s:
                process.wait(patience_s)
                return
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_TIMEOUT_S)
            return
        process.kill()
        process.wait()
    finally:
        if process.stderr is not None:
            process.stderr.close()
