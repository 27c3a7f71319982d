"""What the stand-ins share: a container is a process in namespaces of its own, on this file system.

PODPATH_STANDIN names the folder of their state, PODPATH_STANDIN_FAULT what goes wrong.
"""

import marshal
import os
import sys

# It is part of each call, and a test makes some hundred: what takes long to import is imported where it is needed.
STATE = os.environ["PODPATH_STANDIN"]
FAULT = os.environ.get("PODPATH_STANDIN_FAULT", "")
# Containers do not have the runner's mark: Docker's daemon starts them, not the client that asked for them.
MARK = os.environ.pop("PODPATH_LAB", "")
KNOWN = f"{STATE}/containers"
ESCAPED = {code: f"\\u{code:04x}" for code in (*range(32), ord('"'), ord("\\"))}


def log(tool, argv):
    with open(f"{STATE}/log", "a") as file:
        file.write(f"{[tool, *argv]!r}\n")


def hang():
    """Do nothing for as long as the caller is there; ten minutes at most, should it have ended already."""
    import time

    caller, end = os.getppid(), time.monotonic() + 600
    while os.getppid() == caller and time.monotonic() < end:
        time.sleep(0.1)
    sys.exit("stand-in: whoever asked has ended")


def unexpected(argv):
    sys.exit(f"stand-in: unexpected arguments {argv}")


def read(file):
    """The text of a file of the state; empty if there is none."""
    try:
        with open(f"{STATE}/{file}") as opened:
            return opened.read()
    except FileNotFoundError:
        return ""


def as_json(value):
    """As `json.dumps`, whose import takes as long as all else of an answer."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_json(key)}: {as_json(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(as_json, value)) + "]"
    if isinstance(value, str):
        return f'"{value.translate(ESCAPED)}"'
    return {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else repr(value)


def stored(file):
    with open(f"{STATE}/{file}", "rb") as opened:
        return marshal.load(opened)


def store(file, value):
    with open(f"{STATE}/{file}", "wb") as opened:
        marshal.dump(value, opened)


def known():
    """Containers by their ids; a file may go while they are read."""
    found = {}
    for name in sorted(os.listdir(KNOWN)) if os.path.isdir(KNOWN) else []:
        try:
            if not name.startswith("."):
                found[name] = stored(f"containers/{name}")
        except FileNotFoundError:
            continue
    return found


def pid_of(name):
    for one in known().values():
        if one["Name"] == f"/{name}":
            return one["State"]["Pid"]
    sys.exit(f"stand-in: there is no container {name}")


def start(name, binds=(), *, lab="", cluster="", commands=()):
    """A container with files of this machine in it; ``commands`` prepare it."""
    import shlex
    import subprocess
    import time
    from pathlib import Path

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
    os.makedirs(KNOWN, exist_ok=True)
    identity = name.encode().hex()[-64:].rjust(64, "0")
    store(f"containers/.{identity}", {"Id": identity, "Name": f"/{name}", "Lab": lab, "Cluster": cluster,
                                      "State": {"Running": True, "Pid": pid}})
    os.rename(f"{KNOWN}/.{identity}", f"{KNOWN}/{identity}")


def enter(pid):
    return ["nsenter", "--target", str(pid), "--mount", "--uts", "--ipc", "--net", "--pid"]


def inside(pid, *argv, **options):
    import subprocess

    return subprocess.run([*enter(pid), *argv], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def end(identity):
    import contextlib
    import signal

    one = known()[identity]
    with contextlib.suppress(ProcessLookupError):
        os.kill(one["State"]["Pid"], signal.SIGKILL)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{KNOWN}/{identity}")
