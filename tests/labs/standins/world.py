"""What the stand-ins share: a container is a process in namespaces of its own, on this file system.

PODPATH_STANDIN names the folder of their state, PODPATH_STANDIN_FAULT what goes wrong.
"""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

STATE = Path(os.environ["PODPATH_STANDIN"])
FAULT = os.environ.get("PODPATH_STANDIN_FAULT", "")
# Containers do not have the runner's mark: Docker's daemon starts them, not the client that asked for them.
MARK = os.environ.pop("PODPATH_LAB", "")
KNOWN = STATE / "containers"


def log(tool, argv):
    with (STATE / "log").open("a") as file:
        file.write(json.dumps([tool, *argv]) + "\n")


def unexpected(argv):
    sys.exit(f"stand-in: unexpected arguments {argv}")


def known():
    """Containers by their ids; a file may go while they are read."""
    found = {}
    for file in KNOWN.glob("[0-9a-f]*"):
        try:
            found[file.name] = json.loads(file.read_text())
        except (FileNotFoundError, ValueError):
            continue
    return found


def pid_of(name):
    for one in known().values():
        if one["Name"] == f"/{name}":
            return one["State"]["Pid"]
    sys.exit(f"stand-in: there is no container {name}")


def start(name, binds=(), *, lab="", cluster="", commands=()):
    """A container with files of this machine in it; ``commands`` prepare it."""
    script = ["mount -t proc proc /proc", "mount -t tmpfs tmpfs /run", "mkdir -p /run/podpath /run/binds"]
    for number, (source, _) in enumerate(binds):  # before /opt is hidden: this program may lie there
        script += [f"{'mkdir' if Path(source).is_dir() else 'touch'} /run/binds/{number}",
                   f"mount --bind {shlex.quote(str(source))} /run/binds/{number}"]
    script += ["mount -t tmpfs tmpfs /opt"]
    for number, (source, target) in enumerate(binds):
        script += [f"mkdir -p {target}" if Path(source).is_dir() else f"mkdir -p {Path(target).parent} && touch {target}",
                   f"mount --bind /run/binds/{number} {target}"]
    script += ["ip link set lo up", *commands, "touch /run/ready", "exec sleep 600"]
    process = subprocess.Popen(
        ["unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", " && ".join(script)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 60
    while not (pid := children.read_text().strip()) or not Path(f"/proc/{pid}/root/run/ready").exists():
        if time.monotonic() > deadline:
            sys.exit(f"stand-in: {name} did not start")
        time.sleep(0.01)
    register(name, int(pid), lab=lab, cluster=cluster)
    return int(pid)


def register(name, pid, *, lab="", cluster=""):
    KNOWN.mkdir(exist_ok=True)
    identity = name.encode().hex()[-64:].rjust(64, "0")
    unfinished = KNOWN / f".{identity}"
    unfinished.write_text(json.dumps({"Id": identity, "Name": f"/{name}", "Lab": lab, "Cluster": cluster,
                                      "State": {"Running": True, "Pid": pid}}))
    unfinished.rename(KNOWN / identity)


def enter(pid):
    return ["nsenter", "--target", str(pid), "--mount", "--uts", "--ipc", "--net", "--pid"]


def inside(pid, *argv, **options):
    return subprocess.run([*enter(pid), *argv], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def end(identity):
    one = known()[identity]
    with contextlib.suppress(ProcessLookupError):
        os.kill(one["State"]["Pid"], signal.SIGKILL)
    (KNOWN / identity).unlink(missing_ok=True)
