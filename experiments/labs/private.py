"""Private namespaces that the kernel removes when their maker ends.

``unshare`` makes a user, mount, network and PID namespace. Its first process is a ``cat`` that reads a pipe whose other
end only the runner holds. However the runner ends (return, Ctrl-C, SIGKILL), the pipe closes, ``cat`` ends, and with the
first process of a PID namespace the kernel kills every other one in it; with the last process go the network namespaces,
links and mounts. So there is nothing to clean up: no state on disk, no name on the host. No root is needed.
"""

from __future__ import annotations

import contextlib
import select
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments import paths
from experiments.errors import ExperimentFailed, UserError
from experiments.machine.snapshot import PRIVATE

UP_TIMEOUT_S = 10.0
DOWN_TIMEOUT_S = 10.0

# A constant program: a private /run for `ip netns` and the daemons' sockets, then the wait for the runner's end.
_INIT = "mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/podpath && echo ready && exec cat >/dev/null"


@contextlib.contextmanager
def namespaces() -> Iterator[list[str]]:
    """Make the namespaces; gives the command line that enters them, and removes them at the end of the block.

    Raises:
        UserError: user namespaces are not allowed here, or a tool is missing.
        ExperimentFailed: they did not come up.
    """
    holder = _hold()
    try:
        yield ["nsenter", "--target", str(_first_process(holder)), "--user", "--preserve-credentials", "--net", "--mount",
               "--pid"]
    finally:
        _end(holder)


def into(enter: Sequence[str], name: str, *, devices: bool) -> list[str]:
    """The command line that enters as ``enter`` does, and there the network namespace of that name (ip-netns(8)).

    With ``devices``, that namespace's are in ``/sys``: ``ip netns exec`` mounts them, and takes twice as long on its way.
    """
    if devices:
        return [*enter, "ip", "netns", "exec", name]
    target = enter[list(enter).index("--target") + 1]
    return [*(word for word in enter if word != "--net"), f"--net=/proc/{target}/root{network(name)}"]


def network(name: str) -> str:
    """Where ``ip netns`` keeps the network namespace of that name (ip-netns(8))."""
    return f"/run/netns/{name}"


def _hold() -> subprocess.Popen[bytes]:
    """Start the private namespaces and wait until they are ready."""
    argv = [*PRIVATE, "sh", "-c", _INIT]
    try:
        # A session of its own: Ctrl-C reaches the runner, which then takes everything down in order.
        holder = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  start_new_session=True, env=paths.environment())
    except FileNotFoundError:
        raise UserError(
            "`unshare` is not installed, the embedded lab needs it.", "Install util-linux: `invoke setup`."
        ) from None
    try:
        assert holder.stdout is not None
        readable, _, _ = select.select([holder.stdout], [], [], UP_TIMEOUT_S)
        if readable and holder.stdout.readline() == b"ready\n":
            return holder
        holder.kill()
        _, said = holder.communicate(timeout=DOWN_TIMEOUT_S)
        raise UserError(
            f"The embedded lab could not make its namespaces: {said.decode(errors='replace').strip() or 'no answer'}.",
            "User namespaces may be switched off here; `invoke list` says by what, and how to allow them.",
        )
    except BaseException:
        _end(holder)
        raise


def _first_process(holder: subprocess.Popen[bytes]) -> int:
    """The first process inside: the only child of ``unshare``."""
    children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
    if len(children) != 1:
        raise ExperimentFailed("The embedded lab's first process was not found.", "Run the experiment again.")
    return int(children[0])


def _end(holder: subprocess.Popen[bytes]) -> None:
    """Close the pipe, so that the kernel removes everything; insist if it takes too long."""
    for pipe in (holder.stdin, holder.stdout, holder.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        holder.wait(DOWN_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        holder.kill()  # --kill-child takes the first process with it
        holder.wait(DOWN_TIMEOUT_S)
