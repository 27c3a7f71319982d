"""The CNIs' own manifests: fetched once, checked, and changed by named edits; a pure function from text to text.

Nothing of upstream is kept in this repository: ``manifests/<cni>.yml`` says where the file is, what its SHA-256 is, which
daemon set it makes, what that needs of a node, and which text each edit finds and puts. An edit that does not find its
text exactly as often as it says is an error, so that another version of the manifest is never half-changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from experiments import paths
from experiments.errors import ExperimentFailed, UserError
from experiments.paths import MODES
from experiments.typed_yaml import Document

SOURCES = Path(__file__).resolve().parent / "manifests"
ADVICE = "The format is said in experiments/labs/kubernetes/manifest.py."
LARGEST_BYTES = 4 * 1024 * 1024
FETCH_TIMEOUT_S = 60


@dataclass(frozen=True)
class Edit:
    """One change: ``find`` stands ``times`` in the manifest, and ``put`` takes its place; ``why`` is for the reader."""

    name: str
    why: str
    find: str
    put: str
    times: int = 1


@dataclass(frozen=True)
class DaemonSet:
    """The daemon set that a manifest makes, and how it is known under other names: by container, or image (no host, no tag)."""

    namespace: str
    name: str
    container: str
    images: tuple[str, ...]


@dataclass(frozen=True)
class Module:
    """A kernel module that is needed as a whole: ``file`` is there when it is loaded; ``why`` ends a sentence."""

    name: str
    file: str
    why: str


@dataclass(frozen=True)
class CniNeeds:
    """What a CNI needs of a node's kernel beyond its modes' own features."""

    kernel: tuple[str, ...] = ()
    modules: tuple[Module, ...] = ()


@dataclass(frozen=True)
class Published:
    """A published manifest, what it makes and needs, and the edits that modes may ask for.

    ``plugins`` are programs that the CNI delegates to and kind's node image lacks; the lab's image has Debian's.
    """

    file: str
    url: str
    sha256: str
    daemon_set: DaemonSet
    edits: tuple[Edit, ...]
    plugins: tuple[str, ...] = ()
    needs: CniNeeds = field(default_factory=CniNeeds)


@dataclass(frozen=True)
class Object:
    """A small object of Kubernetes' API; the keys are Kubernetes' own."""

    apiVersion: str
    kind: str
    metadata: Mapping[str, str]
    spec: Mapping[str, str | int | bool]


@dataclass(frozen=True)
class Installation:
    """What a mode is in Kubernetes: whose manifest, with which edits, and the objects that are applied behind it."""

    cni: str
    pod_subnet: str
    edits: tuple[str, ...]
    objects: tuple[Object, ...] = ()


def installation(mode: str) -> Installation:
    """``experiments/modes/<mode>/kind.yml``.

    Raises:
        UserError: the file is missing or broken; the message names line and key.
    """
    return Document(MODES / mode / "kind.yml", ADVICE).read(Installation)


def source(cni: str) -> Published:
    """``experiments/labs/kubernetes/manifests/<cni>.yml``.

    Raises:
        UserError: as :func:`installation`.
    """
    return Document(SOURCES / f"{cni}.yml", ADVICE).read(Published)


def needs(cni: str) -> CniNeeds:
    """What a CNI needs of a node's kernel; nothing where it has no manifest here.

    Raises:
        UserError: as :func:`installation`.
    """
    return source(cni).needs if (SOURCES / f"{cni}.yml").is_file() else CniNeeds()


def fetch(wanted: Published, folder: Path, *, offline: bool = False) -> bytes:
    """The published manifest: from ``folder``, or (unless ``offline``) from its address into it.

    Raises:
        UserError: it is not there and may not be fetched.
        ExperimentFailed: it could not be fetched, or is not the file that was pinned.
    """
    path = folder / wanted.file
    if not path.is_file():
        if offline:
            raise UserError(f"{path} is not there.", f"Put the file there: {wanted.url}")
        content = _download(wanted.url)
        _require(content, wanted, wanted.url)
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.part")
        unfinished.write_bytes(content)
        unfinished.replace(path)
    content = path.read_bytes()
    _require(content, wanted, paths.shown(path))
    return content


def patched(content: bytes, wanted: Published, names: tuple[str, ...]) -> bytes:
    """The manifest with the named edits, in their order.

    Raises:
        UserError: there is no edit of that name, or its text does not stand there as often as it says.
    """
    known = {edit.name: edit for edit in wanted.edits}
    text = content.decode("utf-8")
    for name in names:
        if name not in known:
            raise UserError(f"{wanted.file}: there is no edit '{name}'.", f"Edits: {', '.join(known)}.")
        edit = known[name]
        found = text.count(edit.find)
        if found != edit.times:
            raise UserError(f"{wanted.file}: the text of the edit '{name}' stands there {found} times instead of {edit.times}.",
                            "This is not the version that the edits were written for.")
        text = text.replace(edit.find, edit.put)
    return text.encode("utf-8")


def _require(content: bytes, wanted: Published, where: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != wanted.sha256:
        raise ExperimentFailed(f"{where} is not the manifest that was pinned: its SHA-256 is {found}, not {wanted.sha256}.",
                               "Remove the file, or look at what was changed upstream before changing the pin.")


def _download(address: str) -> bytes:
    import urllib.error
    import urllib.request

    if not address.startswith("https://"):
        raise UserError(f"{address} is not fetched: only https is.", ADVICE)
    try:
        with urllib.request.urlopen(address, timeout=FETCH_TIMEOUT_S) as answer:
            content: bytes = answer.read(LARGEST_BYTES + 1)
    except (urllib.error.URLError, TimeoutError) as error:
        raise ExperimentFailed(f"{address} could not be fetched: {error}.",
                               "Use a folder that has it: --manifests FOLDER.") from None
    if len(content) > LARGEST_BYTES:
        raise ExperimentFailed(f"{address} is larger than {LARGEST_BYTES // 1024 // 1024} MiB.")
    return content
