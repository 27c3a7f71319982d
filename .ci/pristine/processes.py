"""Processes that end with CI: what stops CI stops what it started, at whatever moment it comes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


def watched(argv: Sequence[str], end: signal.Signals, cwd: Path | None = None) -> int:
    """Run a command without input; return its status. Should a signal's handler raise, it and its children get ``end``."""
    # From before the start until all is in place to end it, a signal waits: it could come when nobody knows the process yet.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        running = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, start_new_session=True,
                                   preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before))
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return running.wait()
        except BaseException:
            os.killpg(running.pid, end)
            running.wait()
            raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
