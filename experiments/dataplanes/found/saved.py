"""A cluster that was saved: a folder of what kubectl and ip printed, read as if the cluster were asked.

:mod:`experiments.dataplanes.found.collect` prints the script that makes such a folder. Files may come from anybody, so each is
bounded, and one that is cut off, of another kind or version, or of another cluster than the rest is refused by its name.
What is missing is only "not visible".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.dataplanes.found.cluster_objects import CniPods
from experiments.dataplanes.found.inquiry import PODS, Asker, pod_rows
from experiments.dataplanes.found.node_view import Ask, Broken, NotSeen
from experiments.errors import ExperimentFailed, UserError
from experiments.labs.kubernetes.base import TIMEOUT_S, Kubectl, dig, is_name, items

NODES, DAEMON_SETS, PODS_FILE = "nodes.json", "daemonsets.apps.json", "pods.txt"
LARGEST_BYTES = 32 * 1024 * 1024  # thousands of nodes; a file of more is something else
ERRORS = ".err"  # beside each file: what its command said on its second output
AGAIN = "Collect it again: `invoke recognise --collect` prints how."
KINDS = {"nodes": "Node", "daemonsets": "DaemonSet", "ippools": "IPPool", "bgpconfigurations": "BGPConfiguration",
         "bgppeers": "BGPPeer", "felixconfigurations": "FelixConfiguration", "configmap": "ConfigMap"}
VERSIONS = {"Node": ("v1",), "DaemonSet": ("apps/v1",), "ConfigMap": ("v1",)}  # of Calico's kinds any


@dataclass(frozen=True)
class Saved(Kubectl):
    """kubectl whose answers lie in a folder."""

    folder: Path = field(default_factory=Path)

    def text(self, *arguments: str, timeout_s: float = TIMEOUT_S, given: str | None = None) -> str:
        """As :meth:`Kubectl.text`, for the listing of pods.

        Raises:
            ExperimentFailed: it was not saved.
        """
        assert arguments == PODS
        return _text(self.folder, PODS_FILE)

    def json(self, *arguments: str, timeout_s: float = TIMEOUT_S) -> Any:
        """As :meth:`Kubectl.json`.

        Raises:
            ExperimentFailed: it was not saved; or kubectl's own error was.
            Broken: the file is no answer to the question.
        """
        verb, resource, *more = arguments
        assert verb == "get"
        if resource == "pods":
            return {"items": []}  # the nodes' answers are here already, so no pod is needed to ask them
        if resource == "configmap":
            file = f"configmap.{more[0]}.json"
            found = [one for one in items(_objects(self.folder, file)) if more[2] in (one["metadata"].get("namespace"), "")]
            if not found:
                raise ExperimentFailed(f"{file}: not found in the namespace {more[2]}")
            return found[0]
        return _objects(self.folder, f"{resource}.json")


def _text(folder: Path, file: str) -> str:
    """A file's text.

    Raises:
        ExperimentFailed: it is not there, or empty: what its command said instead.
        Broken: it is too large, or no text.
    """
    path = folder / file
    if not path.is_file():
        raise ExperimentFailed(f"there is no {file}")
    if path.stat().st_size > LARGEST_BYTES:
        raise Broken(f"{path}: {path.stat().st_size // 2**20} MiB; {LARGEST_BYTES // 2**20} MiB are read at most.", AGAIN)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Broken(f"{path}: is no text in UTF-8.", AGAIN) from None
    if text.strip():
        return text
    errors = path.with_name(path.name + ERRORS)
    said = errors.read_bytes()[-2000:].decode(errors="replace").strip() if errors.is_file() else ""
    raise ExperimentFailed((said.splitlines() or [f"{file} is empty"])[-1])


def _objects(folder: Path, file: str) -> Any:
    """A list of objects, each of the kind that the file's name says.

    Raises:
        ExperimentFailed, Broken: as :func:`_text`, or it holds something else.
    """
    text, path = _text(folder, file), folder / file
    if not text.lstrip().startswith("{"):
        raise ExperimentFailed(text.strip().splitlines()[-1])  # kubectl's own words
    try:
        read = json.loads(text)
    except RecursionError:
        raise Broken(f"{path}: is nested too deeply.", AGAIN) from None
    except ValueError as error:
        raise Broken(f"{path}: is cut off, or not JSON ({error}).", AGAIN) from None
    listed = read.get("items", [read])
    if not isinstance(listed, list) or not all(isinstance(dig(one, "metadata"), dict) for one in listed):
        raise Broken(f"{path}: holds something else than Kubernetes' objects.", AGAIN)
    wanted = KINDS.get(file.partition(".")[0])
    for one in listed:
        kind, version = str(one.get("kind", wanted))[:60], str(one.get("apiVersion", ""))[:60]
        if wanted and kind != wanted:
            raise Broken(f"{path}: holds a {kind}; {wanted} is wanted.", AGAIN)
        if version and wanted in VERSIONS and version not in VERSIONS[wanted]:
            raise Broken(f"{path}: holds a {kind} of {version}; {' or '.join(VERSIONS[wanted])} is read.",
                         "Is the cluster older than Kubernetes 1.16, or the file another command's?")
    return {"items": listed}


def asker(folder: Path) -> Asker:
    """Answers the questions about a node from its own folder."""

    def of_node(member: str, daemons: Mapping[str, CniPods]) -> Ask:
        def ask(file: str, argv: Sequence[str]) -> str:
            try:
                return _text(folder, f"{member}/{file}")
            except ExperimentFailed as failure:
                raise NotSeen(failure.problem) from None

        return ask

    return of_node


def nodes(folder: Path) -> list[dict[str, Any]]:
    """The nodes' objects; everything else in the folder has to be about these nodes.

    Raises:
        UserError: there is no such folder, it has no nodes, or something of another cluster.
    """
    if not folder.is_dir():
        raise UserError(f"--from {folder}: there is no such folder.", "`invoke recognise --collect` prints what makes one.")
    try:
        found = items(_objects(folder, NODES))
    except ExperimentFailed as failure:
        raise UserError(f"{folder / NODES}: {failure.problem[:200]}.", AGAIN) from None
    names = {str(one["metadata"].get("name")) for one in found}
    strangers = sorted(path.name for path in folder.iterdir() if path.is_dir() and is_name(path.name)
                       and path.name not in names)
    if strangers:
        raise Broken(f"{folder / strangers[0]}: {NODES} has no node of that name.", "Are these the answers of two clusters?")
    try:
        listed = {row.node for row in pod_rows(_text(folder, PODS_FILE))}
    except ExperimentFailed:
        listed = set()
    if mixed := sorted(listed - names):
        raise Broken(f"{folder / PODS_FILE}: has pods on {mixed[0]}, and {NODES} has no such node.",
                     "Are these the answers of two clusters?")
    return found
