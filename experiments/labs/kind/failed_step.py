"""What went wrong in the kind lab, in a sentence for each way: what is known here and the tools do not say."""

from __future__ import annotations

import contextlib
import subprocess
from typing import Any

from experiments.errors import ExperimentFailed, PodpathError
from experiments.labs import commands
from experiments.labs.kind import kind_cluster
from experiments.labs.kind.kind_plan import Step
from experiments.labs.kubernetes import base
from experiments.labs.kubernetes.base import Kubectl

# kubernetes-sigs/kind v0.32.0: pkg/cluster/internal/create/create.go and providers/docker/images.go.
TAKEN = "already exist for a cluster with the name"
NOT_PULLED = "failed to pull image"
REGISTRIES = ("The image registries cannot be reached from this machine, or refuse it. An image that Docker or the nodes have "
              "already is not asked for again.")


class NameTaken(ExperimentFailed):
    """Docker has a cluster of that name, which is somebody else's."""


def taken() -> NameTaken:
    """The error for a name that is somebody else's."""
    return NameTaken("The cluster's name is taken: there are nodes of that name that are not ours. Nothing was made.",
                     "Run the experiment again: every deployment draws a name of its own.")


def explained(step: Step, done: subprocess.CompletedProcess[str], kubectl: Kubectl) -> ExperimentFailed:
    """A failed step as an error; where the cluster can be asked why, it is."""
    words = commands.words(done)
    if TAKEN in done.stderr:
        return taken()
    if NOT_PULLED in done.stderr:
        return ExperimentFailed(f"kind could not pull its node image: {words}",
                                f"{REGISTRIES} The image: {kind_cluster.IMAGE}.")
    if step.asks == "nodes":
        reasons = base.not_ready(_asked(kubectl, "nodes"))
        return ExperimentFailed(f"Not every node became ready: {'; '.join(reasons) or words}.",
                                *_images(kubectl, "The CNI's pods say why; they are among the logs."))
    if step.asks == "pods":
        return ExperimentFailed(f"`{commands.name(step.argv)}`: pods did not become ready: {words}",
                                *_images(kubectl, "The pods' states are among the logs."))
    return ExperimentFailed(f"`{commands.name(step.argv)}` ended with {done.returncode}: {words}")


def _images(kubectl: Kubectl, otherwise: str) -> tuple[str]:
    """What to do about containers that wait: for an image, as a rule."""
    waiting = base.waiting(_asked(kubectl, "pods"))
    pulled = any(word in said for said in waiting for word in ("ImagePull", "ErrImage"))
    return (f"{'; '.join(waiting[:3])}. {REGISTRIES}" if pulled else "; ".join(waiting[:3]) or otherwise,)


def _asked(kubectl: Kubectl, kind: str) -> Any:
    with contextlib.suppress(PodpathError):
        return kubectl.json("get", kind, "--all-namespaces")
    return None
