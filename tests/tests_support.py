"""Shared by tests: which modes this machine's kernel can carry, and what a runner has left running."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from functools import cache
from itertools import permutations
from pathlib import Path

from experiments import catalog
from experiments.dataplanes.recipe import Recipe
from experiments.errors import UserError
from experiments.labs.base import Lab
from experiments.labs.base import run as run_command
from experiments.labs.readiness import choose, readiness
from experiments.machine import Machine, look
from experiments.paths import ROOT


@cache
def here() -> Machine:
    """This machine, which no test changes."""
    return look()


def why_not_on_the_host(mode: str) -> str:
    """Why a mode cannot be built on the host's kernel here; empty if it can."""
    missing = [m.what for r in readiness(mode, here()) if (r.lab, r.kernel) == ("netns", "host") for m in r.missing]
    if not missing:
        return ""
    # The capsule's tests run what the host's kernel cannot; programs are installed.
    mend = "invoke test -- tests/labs/capsule" if all(what.startswith("kernel ") for what in missing) else "invoke setup"
    return f"this machine lacks {', '.join(missing)}: `{mend}`"


def why_not_by_upstream(mode: str, kernel: str = "host") -> str:
    """Why upstream's daemon of a mode cannot be run in the embedded lab here; empty if it can."""
    try:
        choose(catalog.get(mode), here(), "netns", kernel, forced=True, daemon="upstream")
    except UserError:
        daemon = catalog.get(mode).daemon
        program = daemon.program if daemon else "daemon"
        example = next(name for name, one in sorted(catalog.load().items()) if one.daemon and one.daemon.program == program)
        return f"upstream's {program} cannot run here, this says why and how: `invoke experiment {example} --daemon upstream`"
    return ""


def interrupted(argv: Sequence[str], sign: str) -> str:
    """Start a command, press Ctrl-C when a line of its output has the sign; what it then says on standard error."""
    with subprocess.Popen(argv, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) as running:
        assert running.stdout is not None
        assert any(sign in line for line in running.stdout)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGINT
    return said


def descended_from(mark: str) -> list[str]:
    """Processes that inherited a runner's environment; other labs on this machine are none of our business.

    Looked at twice: one that is just becoming another program has no environment for a moment.
    """
    found = []
    for look_again in (0.01, 0.0):
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"PODPATH_TEST={mark}\0".encode() in path.read_bytes():
                    found.append((path.parent / "cmdline").read_text())
            except OSError:
                continue
        time.sleep(look_again)
    return found


def signs_of(lab: Lab, recipe: Recipe) -> list[str]:
    """The names of a recipe's checks, when each pod has reached each other, hops as declared, and every check holds."""
    for source, target in permutations(recipe.pods, 2):
        answer = run_command(lab, source.name, ["ping", "-n", "-c", "1", "-W", "2", target.address])
        assert f"ttl={recipe.mode.ttl_at_pod}" in answer.stdout
    checks = recipe.attest()
    assert [check for check in checks if not check.ok] == []
    return [check.check for check in checks]
