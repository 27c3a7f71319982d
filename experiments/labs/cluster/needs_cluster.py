"""What the cluster lab needs: kubectl, and a cluster that it knows."""

from __future__ import annotations

from experiments.labs.containerlab.needs_containers import HOW
from experiments.machine import Machine, Missing

ANSWER_S = 5.0


def needs(machine: Machine) -> tuple[Missing, ...]:
    """What is needed to ask a cluster at all; whether it answers, and allows it, is asked when it is wanted."""
    if machine.program("kubectl") is None:
        return (Missing("kubectl", "clusters are spoken to by it", HOW["kubectl"]),)
    if refused := _no_context(machine):
        return (Missing("a cluster", refused, "Name one: `kubectl config use-context NAME`, or set KUBECONFIG."),)
    return ()


def _no_context(machine: Machine) -> str | None:
    """Why kubectl knows no cluster; None if it knows one."""
    answer = machine.ask("kubectl", "config", "current-context", timeout_s=ANSWER_S)
    if answer.refusal is not None:
        return answer.trouble or f"`kubectl config` ended with {answer.status}: {answer.refusal}"
    return None if answer.output.strip() else "no context is chosen"
