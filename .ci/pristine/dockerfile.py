"""The Dockerfile, followed without Docker: its steps in a root with nothing in it, then a lab in what they made.

A check for machines without Docker or a registry. The base image is taken to be the minimal Debian that its tag names;
layers, Docker's own network and its seccomp and AppArmor filters (which the README has switched off) are not imitated.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import string
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pristine.checkout import PROJECT, clone
from pristine.errors import Failed
from pristine.root import SYSTEM_PATH, Root, pristine

_SUITES = {"debian:12": "bookworm", "debian:12-slim": "bookworm", "debian:13": "trixie", "debian:13-slim": "trixie"}
# What Docker leaves a container that is not privileged: capabilities (docs.docker.com, "Runtime privilege and Linux
# capabilities"), a read-only /sys, 64 MB of /dev/shm that nothing is run from, and no /dev/net/tun.
_CAPABILITIES = ("chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "net_bind_service",
                 "net_raw", "sys_chroot", "mknod", "audit_write", "setfcap")
_CONTAINED = ("set -e; mount -o remount,ro /sys; mount -o remount,noexec,size=64m /dev/shm; rm -r /dev/net; user=$1; shift; "
              'exec setpriv --reuid="$user" --regid="$user" --init-groups --bounding-set=-all'
              + "".join(f",+{name}" for name in _CAPABILITIES) + ' "$@"')
LABS = (("invoke", "experiment", "calico-bgp", "--profile", "smoke"),
        ("invoke", "experiment", "calico-ipip", "--kernel", "uml", "--profile", "smoke"))


@dataclass
class State:
    """What earlier instructions set for later ones."""

    user: str = "root"
    folder: str = "/"
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": SYSTEM_PATH})
    arguments: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, continued lines joined, comments left out."""
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(word.upper(), rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines if line.strip())]


def follow() -> None:
    """Take the Dockerfile's steps in a root with nothing in it, then run labs as its user, as confined as Docker would.

    Raises:
        Failed: a step or a lab failed, or an instruction is none of those that are known here.
    """
    steps = instructions((PROJECT / "Dockerfile").read_text(encoding="utf-8"))
    arguments = dict(rest.split("=", 1) for word, rest in steps if word == "ARG")
    base = next(string.Template(rest).substitute(arguments) for word, rest in steps if word == "FROM")
    if base not in _SUITES:
        raise Failed(f"The Dockerfile starts from {base}; here one of {', '.join(_SUITES)} can be imitated.")
    with pristine(_SUITES[base], include=()) as root, tempfile.TemporaryDirectory(prefix="podpath-ci-") as context:
        clone(Path(context))
        state = State(arguments=arguments)
        for word, rest in steps:
            print(f"--- {word} {rest}", flush=True)
            _take(word, rest, root, state, Path(context))
        for lab in (tuple(state.command), *LABS):
            print(f"--- docker run: {' '.join(lab)}", flush=True)
            root.run("bash", "-c", _CONTAINED, "_", state.user, *lab, cwd=state.folder,
                     variables={**state.variables, "HOME": f"/home/{state.user}", "USER": state.user})
        _edit(root, state, Path(context))


def dev_container() -> dict[str, Any]:
    """What the dev container says, without its comments."""
    lines = (PROJECT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8").splitlines()
    says: dict[str, Any] = json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))
    return says


def _edit(root: Root, state: State, context: Path) -> None:
    """What an editor does with the image: the checkout at a place of its own, and the command that is to follow."""
    says = dev_container()
    workspace = "/workspaces/podpath"
    shutil.copytree(context, root.path / workspace[1:], symlinks=True)
    root.run("chown", "--recursive", f"{says['remoteUser']}:", workspace)
    for command in (says["postCreateCommand"], ".venv/bin/invoke list"):
        print(f"--- dev container: {command}", flush=True)
        root.run("bash", "-c", command, cwd=workspace, user=says["remoteUser"], variables=state.variables)


def _take(word: str, rest: str, root: Root, state: State, context: Path) -> None:
    """Take one step; FROM and ARG were looked at before."""
    if word == "RUN":
        root.run("sh", "-c", rest, cwd=state.folder, user=state.user, variables=state.variables)
    elif word == "USER":
        state.user = rest
    elif word == "WORKDIR":
        state.folder = rest
        (root.path / rest[1:]).mkdir(parents=True, exist_ok=True)
    elif word == "ENV":
        state.variables |= {name: string.Template(value).substitute(state.variables)
                            for name, value in (pair.split("=", 1) for pair in shlex.split(rest))}
    elif word == "COPY":
        _copy(rest, root, state.folder, context)
    elif word == "CMD":
        state.command = json.loads(rest)
    elif word not in ("FROM", "ARG"):
        raise Failed(f"The Dockerfile has an instruction that is not known here: {word}.")


def _copy(rest: str, root: Root, folder: str, context: Path) -> None:
    """COPY --chown=OWNER SOURCE… TARGET, from the clone."""
    owner, *names, target = shlex.split(rest)
    if not owner.startswith("--chown=") or target != ".":
        raise Failed(f"Here only `COPY --chown=OWNER SOURCE… .` is known, not `COPY {rest}`.")
    for name in names:
        source, goal = context / name, root.path / folder[1:]
        if source.is_dir():
            shutil.copytree(source, goal, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(source, goal)
        copied = [path.relative_to(context) for path in (source, *source.rglob("*"))]
        root.run("chown", "--no-dereference", owner.removeprefix("--chown="), *(str(path) for path in copied), cwd=folder)
