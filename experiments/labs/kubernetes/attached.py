"""Runs a command inside a pod for as long as somebody outside holds its standard input open.

A program of its own: ``python3 attached.py COMMAND ARGUMENT …``. A ``kubectl exec`` that is killed does not end what it
started: the command would go on inside, hold its port and take CPU time from the next trial. But the standard input of
what it started closes then, and this program sees it: it ends the command (TERM, then KILL). The command's own output and
exit status are passed on. Standard library only, so that any node's python3 can run it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

GRACE_S = 1.0  # shorter than a probe waits for a port to be free again
NOT_FOUND, SIGNALLED = 127, 128  # as shells report them


def main(argv: Sequence[str]) -> int:
    """Run the command; its exit status."""
    try:
        # A session of its own: what the command starts is ended with it.
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND
    threading.Thread(target=_end_with_input, args=(child,), daemon=True).start()
    status = child.wait()
    return status if status >= 0 else SIGNALLED - status


def _end_with_input(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    _signal(child, signal.SIGTERM)
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
