"""``.ci/run``: the steps of continuous integration, in order; the first that fails ends it."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from pristine import dockerfile
from pristine.checkout import PROJECT, clone, uncommitted
from pristine.errors import Failed
from pristine.processes import STOPPING, watched
from pristine.readme import two_commands
from pristine.root import Root, pristine
from pristine.sites import compare

TIME_LIMIT_S = 85 * 60  # CI as a whole has 90 minutes: what hangs is ended, and cleaned up after, before that
OLDEST, NEWEST = "bookworm", "trixie"  # Debian 12 with Python 3.11, Debian 13 with Python 3.13
CLONE, COMMITTED = "/root/podpath", "/root/committed"
# What another distribution's tools and kernel can break; the rest of the tests see Debian 12.
PARSERS_AND_LABS = ("tests/machine", "tests/probes", "tests/dataplanes", "tests/labs")
CAPSULE = ("experiment", "calico-ipip", "--kernel", "uml", "--profile", "smoke")


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    print(f"\n=== {title}", flush=True)
    begun = time.monotonic()
    yield
    print(f"=== {title}: {time.monotonic() - begun:.0f} s", flush=True)


@contextlib.contextmanager
def fresh(suite: str) -> Iterator[Root]:
    """Give a pristine root with two clones of the checkout's commit in it."""
    with contextlib.ExitStack() as stack:
        with step(f"{suite}: a pristine root"):
            root = stack.enter_context(pristine(suite))
            for target in (CLONE, COMMITTED):
                clone(root.path / target[1:])
        yield root


def committed_site(root: Root, kept: Path) -> None:
    """Build the site of a second clone, which has no result of this machine, and keep it for the comparison."""
    root.run(f"{CLONE}/.venv/bin/invoke", "build", cwd=COMMITTED)
    shutil.copytree(root.path / COMMITTED[1:] / "site", kept)


def newest(first: str, sites: Path) -> None:
    """Debian 13: the first command, one mode in the capsule, the tests of parsers and labs; its site is kept."""
    with fresh(NEWEST) as root:
        with step(f"{NEWEST}: {first}"):
            root.run("bash", "-c", first, cwd=CLONE)
        with step(f"{NEWEST}: the site of the commit"):
            committed_site(root, sites / NEWEST)
        with step(f"{NEWEST}: invoke {' '.join(CAPSULE)}"):
            root.run(".venv/bin/invoke", *CAPSULE, cwd=CLONE)
        with step(f"{NEWEST}: invoke test -- {' '.join(PARSERS_AND_LABS)}"):
            root.run(".venv/bin/invoke", "test", "--", *PARSERS_AND_LABS, cwd=CLONE)


def oldest(first: str, second: str, sites: Path) -> None:
    """Debian 12: both commands, with what all tests need installed between them; the site is the other one's."""
    with fresh(OLDEST) as root:
        with step(f"{OLDEST}: {first}"):
            root.run("bash", "-c", first, cwd=CLONE)
        with step(f"{OLDEST}: the site of the commit"):
            committed_site(root, sites / OLDEST)
            count = compare(sites / NEWEST, sites / OLDEST)
            print(f"It is {NEWEST}'s, byte for byte: {count} files.")
        with step(f"{OLDEST}: invoke setup --tests"):
            root.run(".venv/bin/invoke", "setup", "--tests", cwd=CLONE)
        with step(f"{OLDEST}: {second}"):
            root.run("bash", "-c", second, cwd=CLONE)


def here(first: str, second: str) -> None:
    """Both commands on this machine as it is: another distribution, another Python."""
    for command in (first, ".venv/bin/invoke setup --tests", second):
        with step(command):
            status = watched(["bash", "-c", command], signal.SIGTERM, cwd=PROJECT)
            if status != 0:
                raise Failed(f"`{command}` ended with {status}.")


def _stopped(signal_number: int, _frame: FrameType | None) -> None:
    for number in STOPPING:  # the clean-up that follows is not stopped again
        signal.signal(number, signal.SIG_IGN)
    if signal_number == signal.SIGALRM:
        raise Failed(f"It is not done after {TIME_LIMIT_S // 60} minutes.")
    print(f"\nCI was stopped by {signal.Signals(signal_number).name}.", file=sys.stderr, flush=True)
    raise SystemExit(128 + signal_number)


def main() -> int:
    """Run CI; 0 if all of it is green."""
    reader = argparse.ArgumentParser(prog=".ci/run", description="Run the README's two commands in pristine roots of Debian.")
    other = reader.add_mutually_exclusive_group()
    other.add_argument("--here", action="store_true", help="run them on this machine as it is, without a root")
    other.add_argument("--dockerfile", action="store_true", help="follow the Dockerfile in a pristine root")
    asked = reader.parse_args()
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _stopped)
    signal.alarm(TIME_LIMIT_S)
    try:
        first, second = two_commands((PROJECT / "README.md").read_text(encoding="utf-8"))
        if asked.here:
            here(first, second)
        elif asked.dockerfile:
            with step("The Dockerfile, step by step"):
                dockerfile.follow()
        else:
            if uncommitted():
                print("What is not committed is not looked at: the roots get clones of the last commit.")
            with tempfile.TemporaryDirectory(prefix="podpath-ci-") as sites:
                newest(first, Path(sites))
                oldest(first, second, Path(sites))
    except Failed as failure:
        print(f"\nCI is red: {failure}", file=sys.stderr, flush=True)
        return 1
    print("\nCI is green.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
