"""Shared by tests: machines that are described rather than found, by the files and programs that they have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from experiments.labs.kubernetes import manifest
from experiments.machine import Machine, look

BRIDGE_FILTER = manifest.source("flannel").needs.modules[0].file


@dataclass(frozen=True)
class Without(Machine):
    """This machine, as if some programs were not installed."""

    hidden: frozenset[str] = frozenset()

    def program(self, name: str) -> str | None:
        return None if name in self.hidden else super().program(name)


def without(*names: str) -> Without:
    """This machine, as it is now, without some programs."""
    here = look()
    return Without(here.system, here.processor, here.root, here.python, here.path, hidden=frozenset(names))


@dataclass(frozen=True)
class Described(Machine):
    """A machine of files and programs in a folder, whose kernel is said to have every feature but ``lacks``."""

    lacks: frozenset[str] = frozenset()
    refuses: str = ""  # why it gives no user namespaces
    free: int = 1 << 40

    def user_namespaces(self) -> str | None:
        return self.refuses or None

    def feature(self, name: str) -> str | None:
        return f"no {name} here" if name in self.lacks else self.user_namespaces()

    def free_bytes(self, folder: str) -> int | None:
        return self.free


def described(folder: Path, *, processor: str = "amd64", root: bool = True, system: str = "Linux") -> Described:
    """A machine whose files are below ``folder`` and whose programs are in its ``bin``."""
    return Described(system, processor, root, (3, 11), str(folder / "bin"), folder)


def write(folder: Path, name: str, text: str, mode: int = 0o644) -> Path:
    """A file of such a machine."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def tool(folder: Path, name: str, text: str = "#!/bin/sh\n") -> None:
    """A program of such a machine; it finds the shell and its tools in this machine's usual places."""
    write(folder, f"bin/{name}", text, 0o755)
