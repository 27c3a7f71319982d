"""The measuring pods in somebody's cluster: made, and waited for; what refuses them or keeps them is quoted."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from typing import Any

import yaml

from experiments.errors import ExperimentFailed, UserError
from experiments.labs.kubernetes.base import Kubectl, dig, items, waiting

READY_TIMEOUT_S = 180.0
POLL_S = 1.0
CREATE = ("create", "--filename", "-", "--output", "json")
PULLING = ("ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError")
REFUSING = ("forbidden", "denied", "violates")  # Kubernetes' words for what its admission does not let in


def create(kubectl: Kubectl, objects: Sequence[Any]) -> Any:
    """Make objects; what the cluster made of the last one."""
    text = kubectl.text(*CREATE, given=yaml.safe_dump_all(objects, sort_keys=False))
    try:
        return json.loads(text)
    except ValueError:
        return {}  # several objects are printed one after the other; only the namespace's answer is read


def create_measuring(kubectl: Kubectl, objects: Sequence[Any]) -> None:
    """Make the pods without which there is nothing to measure.

    Raises:
        UserError: the cluster does not let them in.
        ExperimentFailed: they could not be made for another reason.
    """
    try:
        create(kubectl, objects)
    except ExperimentFailed as failure:
        if any(word in failure.problem.lower() for word in REFUSING):
            raise UserError(f"The cluster does not let the measuring pods in: {failure.problem}",
                            "They ask for raw sockets (ping) and run as root; whoever runs the cluster can allow it.") from None
        raise


def create_on_nodes(kubectl: Kubectl, objects: Sequence[Any]) -> str:
    """Make the pods on the nodes' own network; why they were refused, empty if they were not."""
    for one in objects:
        try:
            create(kubectl, [one])
        except ExperimentFailed as failure:
            if not any(word in failure.problem.lower() for word in REFUSING):
                raise
            return failure.problem.rpartition("ended with 1: ")[2][:300]  # the cluster's own words
    return ""


def wait_ready(kubectl: Kubectl, namespace: str, image: str, names: Collection[str]) -> None:
    """Return when the pods of these names are ready.

    Raises:
        UserError: the image cannot be pulled; the kubelet's words are quoted.
        ExperimentFailed: they were not in time, or a node would not run one.
    """
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        listed = kubectl.json("get", "pods", "--namespace", namespace)
        reasons = waiting(listed)
        if stuck := [reason for reason in reasons if any(word in reason for word in PULLING)]:
            raise UserError(f"The cluster cannot pull the lab's image {image}: {'; '.join(stuck)}",
                            "Build it from experiments/labs/containerlab/image, push it to a registry that the cluster can "
                            "reach, and name it with --image.")
        states = {str(dig(pod, "metadata", "name")): pod for pod in items(listed)}
        ended = [f"{name}: {dig(pod, 'status', 'reason') or 'Failed'}, {str(dig(pod, 'status', 'message') or '')[:200]}"
                 for name, pod in states.items() if dig(pod, "status", "phase") == "Failed"]
        if ended:
            raise ExperimentFailed(f"A node does not run a measuring pod: {'; '.join(ended)}")
        late = [name for name in names if not _ready(states.get(name))]
        if not late:
            return
        if time.monotonic() > deadline:
            said = ", ".join(f"{name} ({dig(states.get(name), 'status', 'phase') or 'not there'})" for name in late)
            raise ExperimentFailed(f"After {READY_TIMEOUT_S:g} s these pods are not ready: {said}"
                                   + (f"; {'; '.join(reasons)}" if reasons else "") + ".")
        time.sleep(POLL_S)


def _ready(pod: Any) -> bool:
    conditions = dig(pod, "status", "conditions")
    return any(dig(one, "type") == "Ready" and dig(one, "status") == "True"
               for one in (conditions if isinstance(conditions, list) else []))
