"""Runs a command inside a pod for as long as somebody outside holds its standard input open.

A program of its own: ``python3 attached.py COMMAND ARGUMENT …``. A ``kubectl exec`` that is killed does not end what it
started: the command would go on inside, hold its port and take CPU time from the next trial. But the standard input of
what it started closes then, and this program sees it: it ends the command (TERM, then KILL). The command's own output and
exit status are passed on. Standard library only, so that any node's python3 can run it, and of that only what the
interpreter has in itself: `subprocess`, `signal` and `threading` would take longer to import than most commands to run.
"""

from __future__ import annotations

import _thread
import os
import sys
import time

GRACE_S = 1.0  # shorter than a probe waits for a port to be free again
NOT_FOUND, SIGNALLED = 127, 128  # as shells report them
KILL, PIPE, TERM, XFSZ = 9, 13, 15, 25  # signals, by the numbers that they have on Linux


def main(argv: list[str]) -> int:
    """Run the command; its exit status."""
    try:
        # A session of its own: what the command starts is ended with it. Python ignores two signals, which a command does not.
        child = os.posix_spawnp(argv[0], argv, os.environ, setsid=True, setsigdef=[PIPE, XFSZ],
                                file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)])
    except (OSError, ValueError) as error:  # an empty name is a wrong value
        print(f"{argv[0]}: {getattr(error, 'strerror', error)}", file=sys.stderr)
        return NOT_FOUND
    _thread.start_new_thread(_end_with_input, (child,))
    _, ended = os.waitpid(child, 0)
    return os.WEXITSTATUS(ended) if os.WIFEXITED(ended) else SIGNALLED + os.WTERMSIG(ended)


def _end_with_input(child: int) -> None:
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    _signal(child, TERM)
    time.sleep(GRACE_S)  # this program ends before, if the command does
    _signal(child, KILL)


def _signal(child: int, number: int) -> None:
    try:
        os.killpg(child, number)
    except ProcessLookupError:
        return  # it has ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
