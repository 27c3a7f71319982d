"""A root: a minimal Debian made by mmdebstrap, kept as an archive, unpacked anew for each run and removed after it.

What is kept between runs are the archive of the minimal root and files as they were downloaded (apt's archives, pip's
cache); nothing that was ever installed in a root. A missing install step can so not hide in a cache.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pristine import machine
from pristine.errors import Failed
from pristine.processes import watched

ENTER = Path(__file__).with_name("enter.sh")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "podpath-ci"
README_PACKAGES = ("python3-venv", "git", "ca-certificates")  # what the README asks of a Debian, and what carries it
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ARCHIVES = "var/cache/apt/archives"


@dataclass(frozen=True)
class Root:
    """A root on the disk, and how it is entered."""

    path: Path
    pip_cache: Path

    def run(self, *argv: str, cwd: str = "/root", user: str = "root", variables: Mapping[str, str] | None = None) -> None:
        """Run a command inside, without input, with the environment of a fresh machine and ``variables``.

        Raises:
            Failed: it ended with another status than 0.
        """
        become = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        fresh = {**machine.environment(), "HOME": "/root" if user == "root" else f"/home/{user}", "USER": user,
                 "PATH": SYSTEM_PATH, "TERM": "dumb", "CI": "true", **(variables or {})}
        inside = ["env", "--ignore-environment", f"--chdir={cwd}", *(f"{k}={v}" for k, v in fresh.items()), *become, *argv]
        # setpriv's death signal: should this process be killed, the namespace with all its processes and mounts goes too.
        status = watched(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child",
             "--propagation", "private", "bash", str(ENTER), str(self.path), str(self.pip_cache), *inside], signal.SIGKILL)
        if status != 0:
            raise Failed(f"`{shlex.join(argv) if argv[1] != '-c' else argv[2]}` ended with {status}.")


@contextlib.contextmanager
def pristine(suite: str, include: tuple[str, ...] = README_PACKAGES) -> Iterator[Root]:
    """Give a root of this suite in which nothing but ``include`` was ever installed; it is removed afterwards.

    Raises:
        Failed: it cannot be made here.
    """
    if os.geteuid() != 0:
        raise Failed("A root is made and entered by root: run .ci/run as root.")
    for folder in (CACHE, CACHE / "runs", CACHE / "pip", CACHE / "apt" / suite):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(CACHE):
        _sweep(CACHE / "runs")
        archive = _made(suite, include)
        folder = Path(tempfile.mkdtemp(prefix=f"{suite}-", dir=CACHE / "runs"))
        alive = _lock(folder)
    try:
        root = folder / "root"
        root.mkdir(mode=0o755)
        _called("tar", "--extract", "--numeric-owner", "--xattrs", "--xattrs-include=*", f"--file={archive}",
                f"--directory={root}")
        machine.copy_settings(root, machine.environment())
        _link_packages(CACHE / "apt" / suite, root / _ARCHIVES)
        yield Root(root, CACHE / "pip")
    finally:
        _link_packages(folder / "root" / _ARCHIVES, CACHE / "apt" / suite)
        _remove(folder)
        os.close(alive)


def _made(suite: str, include: tuple[str, ...]) -> Path:
    """The archive of the minimal root; made if it is not there, is older than the week, or if its recipe has changed."""
    _mmdebstrap()
    certificates = {str(path): hashlib.sha256(path.read_bytes()).hexdigest()
                    for path in sorted(machine.CERTIFICATES.rglob("*.crt"))} if machine.CERTIFICATES.is_dir() else {}
    options = ["--variant=minbase", *([f"--include={','.join(include)}"] if include else []),
               *(f"--aptopt={option}" for option in machine.apt_options()),
               "--setup-hook=mkdir -p \"$1/usr/local/share/ca-certificates\" \"$1/etc/apt\"",
               *([f"--setup-hook=copy-in {machine.CERTIFICATES} /usr/local/share"] if certificates else []),
               *(f"--setup-hook=copy-in {path} /etc/apt" for path in machine.LOGINS if path.exists())]
    mirrors = machine.sources(suite)
    year, week, _ = datetime.date.today().isocalendar()
    recipe = json.dumps([options, mirrors, certificates, year, week])
    start = f"{suite}-{'-'.join(include) or 'nothing'}"
    archive = CACHE / f"{start}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}.tar"
    if not archive.exists():
        for old in CACHE.glob(f"{start}-*.tar"):
            old.unlink()
        print(f"Makes a minimal root of {suite} with {', '.join(include) or 'nothing else'} in it.")
        unfinished = archive.with_name(f"{archive.name}.{os.getpid()}")
        try:
            _called("mmdebstrap", "--quiet", "--mode=root", "--format=tar", *options, suite, str(unfinished), *mirrors)
            unfinished.rename(archive)
        finally:
            unfinished.unlink(missing_ok=True)
    return archive


def _mmdebstrap() -> None:
    """Install mmdebstrap on this machine if it is not there."""
    if shutil.which("mmdebstrap") is None:
        if shutil.which("apt-get") is None:
            raise Failed("No root can be made here: mmdebstrap is not installed, and there is no apt-get to install it.")
        print("Installs mmdebstrap on this machine, which makes the roots.")
        _called("apt-get", "update", "--quiet")
        _called("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "mmdebstrap")


def _called(*argv: str) -> None:
    """Run a command of this machine; what it says is shown if it fails.

    Raises:
        Failed: it failed, or is not there.
    """
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    except FileNotFoundError:
        raise Failed(f"No root can be made here: {argv[0]} is not installed.") from None
    if done.returncode != 0:
        raise Failed(f"No root can be made here: {argv[0]} ended with {done.returncode}.\n{done.stdout}")


def _link_packages(source: Path, target: Path) -> None:
    """Bring downloaded packages to a root or back by hard links: apt itself compares their sums before it uses one."""
    if source.is_dir() and target.is_dir():
        for package in source.glob("*.deb"):
            with contextlib.suppress(FileExistsError):
                os.link(package, target / package.name)


def _lock(folder: Path, wait: bool = True) -> int:
    """Lock a folder for as long as the handle that is returned is open; BlockingIOError if it is not to wait."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(handle)
        raise
    return handle


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other runs of CI out of a folder for a moment."""
    handle = _lock(folder)
    try:
        yield
    finally:
        os.close(handle)


def _remove(folder: Path) -> None:
    """Remove a root; what was killed in it a moment ago may still write, so that a second time is needed.

    A process with a session of its own does it: Ctrl-C does not reach that.
    """
    for wait_s in (0, 1, 5):
        time.sleep(wait_s)
        done = subprocess.run(["rm", "--recursive", "--force", "--one-file-system", str(folder)], stdin=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True, check=False)
        if done.returncode == 0:
            return
    raise Failed(f"{folder} could not be removed.")


def _sweep(runs: Path) -> None:
    """Remove the roots of runs that were killed: a root whose run is alive is locked by it."""
    for folder in runs.iterdir():
        with contextlib.suppress(BlockingIOError):
            handle = _lock(folder, wait=False)
            try:
                _remove(folder)
            finally:
                os.close(handle)
