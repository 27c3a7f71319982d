"""Whose kernel carries the packets: the host's, or that of the User-Mode Linux capsule.

The same code deploys in both. The capsule boots when the first deployment asks for it, and stays for the next ones; only
another lab, or another daemon of upstream's, needs another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from experiments import catalog, paths
from experiments.evidence import TranscriptStep
from experiments.labs import table
from experiments.labs.backend import NO_MEANS, Means, Tell
from experiments.labs.capsule import without_xstate
from experiments.measure import deployment
from experiments.measure.deployment import Hold, Job, Outcome
from experiments.results import store
from experiments.results.model import Deployment
from experiments.variant import HOST, Variant

if TYPE_CHECKING:
    from experiments.labs.capsule.capsule import Capsule

DEPLOYMENT_TIMEOUT_S = 900.0
WITHOUT_AVX = "programs in User-Mode Linux run without AVX: it cannot hold this processor's AMX registers"


class Deployer:
    """Deploys jobs on the kernel they name; a context manager, because a capsule has to be shut down."""

    def __init__(self, means: Means = NO_MEANS) -> None:
        self._means = means
        self._stack = ExitStack()
        self._capsule: Capsule | None = None
        self._booted_for: tuple[str, catalog.Upstream | None] = ("", None)

    def __enter__(self) -> Deployer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __call__(self, job: Job, tell: Tell, hold: Hold | None = None) -> Outcome:
        """Deploy on the host's kernel, or in the capsule; ``hold`` keeps a lab of the host's kernel up for a while."""
        if job.variant.kernel == HOST:
            return deployment.deploy(job, tell, hold, self._means)
        wanted = (job.variant.lab, catalog.get(job.variant.mode).daemon if job.variant.daemon else None)
        if self._capsule is None or self._booted_for != wanted:
            self._capsule = None
            self._stack.close()
            self._capsule = self._stack.enter_context(booted(*wanted, tell))
            self._booted_for = wanted
        plain = self._capsule.call("experiments.measure.kernels:deploy_plain", asdict(job),
                                   timeout_s=DEPLOYMENT_TIMEOUT_S, on_progress=tell)
        outcome = _outcome(plain)
        if without_xstate.needed():
            outcome = replace(outcome, implementation={**outcome.implementation, "processor": WITHOUT_AVX})
        return outcome


@contextmanager
def booted(lab: str, daemon: catalog.Upstream | None, tell: Tell) -> Iterator[Capsule]:
    """A capsule with what lab and daemon need, and no more: a packet filter, once loaded, stands on every packet's path."""
    from experiments.labs.capsule import capsule  # only here: most runs never need it

    tell("boot the User-Mode Linux capsule")
    wanted = table.get(lab).in_capsule()
    features = {*wanted.features, *(feature for mode in catalog.load().values() for feature in mode.needs.kernel)}
    programs = list(wanted.programs)
    if daemon:
        features |= set(daemon.needs.kernel)
        programs.append(daemon.program)
    files = [Path(found) for found in map(paths.find, programs) if found]
    if daemon and (program := paths.find(daemon.program)):
        files += filter(None, (paths.part(Path(program).resolve(), part) for part in daemon.parts))
    folders = list(dict.fromkeys(str(file.parent) for file in files))
    memory_mb = wanted.memory_mb or capsule.MEMORY_MB
    with capsule.boot(features=sorted(features), folders=folders, memory_mb=memory_mb) as made:
        if wanted.start:
            made.call(wanted.start, wanted.arguments, timeout_s=DEPLOYMENT_TIMEOUT_S, on_progress=tell)
        yield made


def deploy_plain(arguments: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """The capsule's side: a job as plain values in, the outcome as plain values out."""
    return asdict(deployment.deploy(Job(**{**arguments, "variant": Variant(**arguments["variant"])}), tell))


def _outcome(plain: dict[str, Any]) -> Outcome:
    return Outcome(
        deployment=store.from_plain(Deployment, plain["deployment"]),
        transcript=tuple(TranscriptStep(**step) for step in plain["transcript"]),
        raws={identity: (tool, text) for identity, (tool, text) in plain["raws"].items()},
        implementation=plain["implementation"],
        network=plain["network"],
    )
