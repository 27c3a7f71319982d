"""What a cluster's API says of its network: the CNI's objects, its daemon set and pods, the nodes' annotations.

Reading only. Everything read is untrusted: wrong shapes count as "not there". What may not be read is no error either: it
is kept with the reason, and the result says that it was not looked at.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments.errors import ExperimentFailed
from experiments.evidence import TranscriptStep
from experiments.labs.base import Transcript
from experiments.labs.kubernetes.base import Kubectl, is_name

Json = Mapping[str, Any]
LONGEST_REASON = 200  # of kubectl's words, as they stand in a result
NOT_THERE = ("notfound", "not found", "doesn't have a resource type", "could not find the requested resource")


class _Unknown(Exception):
    """The cluster does not know the kind that was asked for."""


@dataclass
class Reader:
    """Asks the API; what is asked for a mode's sake is written into the transcript, reduced as the command there says."""

    kubectl: Kubectl
    transcript: Transcript = field(default_factory=Transcript)
    unseen: dict[str, str] = field(default_factory=dict)  # what could not be read, and why

    def items(self, resource: str, *arguments: str) -> list[dict[str, Any]] | None:
        """The objects of a kind; an empty list where the cluster does not know the kind, None where it may not be asked."""
        try:
            return self._items(resource, *arguments)
        except _Unknown:
            return []

    def known(self, resource: str) -> list[dict[str, Any]] | None:
        """As :meth:`items`, but a kind that the cluster does not know is one that is not visible, either."""
        try:
            return self._items(resource)
        except _Unknown:
            self.unseen[resource.partition(".")[0]] = "the cluster's API has no such kind"
            return None

    def group(self, kind: str, groups: Sequence[str]) -> str:
        """The first of the API groups in which the kind can be read; the first of all where it can in none."""
        for group in groups:
            with contextlib.suppress(_Unknown):
                if self._items(f"{kind}.{group}") is not None:
                    self.unseen.pop(kind, None)
                    return group
        return groups[0]

    def _items(self, resource: str, *arguments: str) -> list[dict[str, Any]] | None:
        try:
            found = self.kubectl.json("get", resource, *arguments)
        except ExperimentFailed as failure:
            if any(sign in failure.problem.lower() for sign in NOT_THERE):
                raise _Unknown from None
            self.unseen[resource.partition(".")[0]] = failure.problem[-LONGEST_REASON:]
            return None
        listed = found.get("items", [found]) if isinstance(found, dict) else []
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []

    def specs(self, resource: str, keys: Sequence[str]) -> tuple[Json, ...] | None:
        """Some keys of the ``spec`` of each object, recorded; None where they may not be read, or are kept elsewhere."""
        found = self.known(resource)
        if found is None:
            return None
        specs = tuple(_chosen(one, keys) for one in found)
        self.record(f"kubectl get {resource} -o json | jq -c '[.items[].spec | {{{', '.join(keys)}}}]'", _compact(specs))
        return tuple(_there(spec) for spec in specs)

    def spec(self, resource: str, name: str, keys: Sequence[str]) -> Json | None:
        """The name and some keys of the ``spec`` of an object, recorded; empty where there is none, None as above."""
        found = self.known(resource)
        if found is None:
            return None
        for one in found:
            if mapping(one.get("metadata")).get("name") == name:
                self.record(f"kubectl get {resource} {name} -o json | jq -c '.spec | {{{', '.join(keys)}}}'",
                            _compact(_chosen(one, keys)))
                return {"name": name, **_there(_chosen(one, keys))}
        return {}

    def record(self, command: str, output: str) -> None:
        """Write down what was asked, as a person would type it on this machine."""
        self.transcript.steps.append(TranscriptStep(self.transcript.phase, "", command, output, 0))

    def config(self, namespace: str, name: str) -> Json | None:
        """The data of a config map; None where it could not be read or is not there."""
        try:
            found = self.kubectl.json("get", "configmap", name, "--namespace", namespace)
        except ExperimentFailed as failure:
            if not any(sign in failure.problem.lower() for sign in NOT_THERE):
                self.unseen[f"configmap {name}"] = failure.problem[-LONGEST_REASON:]
            return None
        return mapping(mapping(found).get("data"))


@dataclass(frozen=True)
class CniPods:
    """A CNI's daemon set, and its pod on each node by the node's name in the cluster."""

    cni: str
    name: str
    namespace: str
    container: str  # in which its daemon runs
    images: tuple[str, ...]
    containers: tuple[Json, ...]
    on: dict[str, str]

    def environment(self, container: str) -> dict[str, str]:
        """The variables of a container; one that comes from elsewhere (a secret) has the value ``set``."""
        found = {}
        for one in self.containers:
            if one.get("name") == container:
                listed = one.get("env")
                for variable in listed if isinstance(listed, list) else []:
                    found[str(mapping(variable).get("name"))] = str(mapping(variable).get("value", "set"))
        return found


def mapping(value: object) -> dict[str, Any]:
    """A mapping as it is, and an empty one for anything else: what a cluster says may be anything."""
    return value if isinstance(value, dict) else {}


def _chosen(one: Json, keys: Sequence[str]) -> dict[str, Any]:
    """As jq makes it: what is not there is null."""
    return {key: mapping(one.get("spec")).get(key) for key in keys}


def _there(spec: Json) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if value is not None}


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def daemon_sets(reader: Reader) -> list[dict[str, Any]] | None:
    """All daemon sets of the cluster; None where they may not be read."""
    return reader.items("daemonsets.apps", "--all-namespaces")


def pods_of(reader: Reader, daemon_set: Json, cni: str, container: str) -> CniPods | None:
    """A CNI's daemon set with its pods; None where its namespace has no name that can be asked for."""
    metadata, spec = mapping(daemon_set.get("metadata")), mapping(daemon_set.get("spec"))
    name, namespace = str(metadata.get("name")), str(metadata.get("namespace"))
    if not is_name(namespace):
        return None
    labels = mapping(mapping(spec.get("selector")).get("matchLabels"))
    chosen = ",".join(f"{key}={value}" for key, value in labels.items())
    containers = tuple(containers_of(daemon_set))
    pods = reader.items("pods", "--namespace", namespace, "--selector", chosen) or []
    on = {str(mapping(pod.get("spec")).get("nodeName")): found for pod in pods
          if mapping(pod.get("status")).get("phase") == "Running"
          and is_name(found := str(mapping(pod.get("metadata")).get("name")))}
    images = tuple(plain_image(str(c.get("image"))) for c in containers)
    return CniPods(cni, name, namespace, container, images, containers, on)


def containers_of(daemon_set: Json) -> list[dict[str, Any]]:
    """The containers of a daemon set's pods."""
    listed = mapping(mapping(mapping(daemon_set.get("spec")).get("template")).get("spec")).get("containers")
    return [mapping(one) for one in listed] if isinstance(listed, list) else []


def plain_image(reference: str) -> str:
    """An image without the registry's host, which can say whose cluster it is: project, name and tag.

    The first part is a host if it holds a dot or a colon, or is ``localhost`` (distribution/reference: normalize.go).
    """
    name, _, digest = reference.partition("@")
    parts = name.split("/")
    if len(parts) > 1 and ("." in parts[0] or ":" in parts[0] or parts[0] == "localhost"):
        parts = parts[1:]
    short = "/".join(parts[-2:])
    tagged = ":" in parts[-1]
    return short if tagged or not digest else f"{short}@{digest[:19]}"
