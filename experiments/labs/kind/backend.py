"""The kind lab: a new Kubernetes cluster for each deployment, on a fabric by containerlab, with the CNI that its users run.

What is typed stands in :mod:`experiments.labs.kind.kind_plan`, this module types it. As in the containerlab lab, exit codes are
not trusted: the fabric is looked at, and after the removal Docker is asked what is left. The name is drawn at random, the
kubeconfig lies in the lab's own folder, and what is to be removed is written down before anything is made.

kind leaves two things in Docker that are not a lab's: its node image, and the network ``kind``, which all its clusters share.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml

from experiments import paths
from experiments.catalog import Mode
from experiments.errors import ExperimentFailed, PodpathError, UserError
from experiments.evidence import TranscriptStep
from experiments.labs import base, commands, leftovers
from experiments.labs.backend import NO_MEANS, Backend, Means, Paper, Tell
from experiments.labs.containerlab import backend as containerlab
from experiments.labs.containerlab import docker
from experiments.labs.fabric import addresses, peering
from experiments.labs.kind import failed_step, kind_cluster, kind_plan, needs_kind
from experiments.labs.kubernetes import manifest as cni_manifest
from experiments.labs.kubernetes.base import Kubectl, KubernetesLab, dig
from experiments.machine import Machine, Missing
from experiments.variant import HOST

LABEL = "io.x-k8s.kind.cluster="  # what kind labels its nodes with; the value is the cluster's name
EXPORT_S = 120.0
ANSWER_S = 10.0


@contextlib.contextmanager
def up(
    mode: Mode, *, manifests: str = "", image_archive: str = "", tell: Tell = lambda _: None
) -> Iterator[KubernetesLab]:
    """Make the mode's cluster; it is removed at the end of the block, whatever happens in it.

    ``manifests`` is a folder that has the CNIs' manifests, else they are fetched once; ``image_archive`` a file that has
    the CNI's images, else the nodes pull them. Nothing is made before the manifest is known to be the one that was pinned.

    Raises:
        UserError: it is not run as root, a tool or a manifest is missing.
        ExperimentFailed: the cluster did not come up, or did not go; the message says what, why, and where kind's logs are.
    """
    if os.geteuid() != 0:
        raise UserError("The kind lab needs root: containerlab and the fabric's namespaces ask for it.", "Run it with sudo -E.")
    wanted = cni_manifest.installation(mode.name)
    source = cni_manifest.source(wanted.cni)
    place = Path(manifests) if manifests else paths.cache() / "manifests"
    published = cni_manifest.fetch(source, place, offline=bool(manifests))
    edited = cni_manifest.patched(published, source, wanted.edits)
    name = f"pp{secrets.token_hex(4)}"
    if docker.labelled(LABEL + name):
        raise failed_step.taken()
    image = _node_image()
    plan = kind_plan.plan(mode, name, peering.routers(mode, kind_cluster.NODES), image=image, archived=bool(image_archive))
    folder = leftovers.begin(name, Kind.name)
    ours = True
    try:
        for file, content in plan.files.items():
            (folder / file).write_text(content)
        (folder / kind_plan.MANIFEST_FILE).write_bytes(edited)
        if image_archive:
            (folder / kind_plan.IMAGES_FILE).symlink_to(Path(image_archive).absolute())
        transcript = _make(plan, folder, tell)
        said = f"{source.file}, SHA-256 {source.sha256}, edits: {', '.join(wanted.edits)}"
        lab = _lab(mode, folder, transcript, {**_image_facts(image), "manifest": said})
        try:
            yield lab
        finally:
            lab.close()
    except failed_step.NameTaken:
        ours = False
        raise
    except ExperimentFailed as failure:
        tell("keep kind's logs")
        raise ExperimentFailed(failure.problem, " ".join(filter(None, (failure.advice, _keep_logs(name))))) from None
    finally:
        if ours:
            remove(name)
        else:
            leftovers.end(name)


def remove(name: str) -> None:
    """Remove a lab that :mod:`experiments.labs.leftovers` knows; see to it that nothing of it remains.

    Raises:
        UserError: Docker is not installed.
        ExperimentFailed: something would not go; it is named, and stays written down.
    """
    folder = leftovers.folder(name)
    commands.end_marked(name)
    for step in kind_plan.down(name):
        with contextlib.suppress(PodpathError):  # what remains is looked at, whatever these say
            if step.argv[0] != "containerlab" or (folder / kind_plan.FABRIC_FILE).exists():
                _type(step, folder)
    remaining = docker.sweep([containerlab.LABEL + name, LABEL + name], leftovers.recorded(name), [kind_plan.network(name)])
    if remaining:
        raise ExperimentFailed(f"The kind lab {name} was not removed whole: {', '.join(remaining)} remain.",
                               "Run `invoke clean` when Docker answers again.")
    leftovers.end(name)


def _type(step: kind_plan.Step, folder: Path) -> subprocess.CompletedProcess[str]:
    # Podman's clusters would not be found by Docker when they are to go.
    environment = {**containerlab.environment(folder), "KIND_EXPERIMENTAL_PROVIDER": "docker"}
    return commands.run(commands.tied(step.argv), step.limit_s, environment=environment, folder=folder)


def _make(plan: kind_plan.Plan, folder: Path, tell: Tell) -> base.Transcript:
    """Type the plan, in order; the transcript."""
    transcript = base.Transcript(phase="up")
    kubectl = Kubectl(str(folder / kind_plan.KUBECONFIG))
    for number, step in enumerate(plan.up, 1):
        tell(f"up {number}/{len(plan.up)}: {step.why}")
        done = _type(step, folder)
        # What the tools print of themselves names this machine's folders; what Kubernetes answers does not.
        said = done.stdout.rstrip("\n") if step.argv[0] == "kubectl" else ""
        transcript.steps.append(TranscriptStep("up", "", shlex.join(step.argv), said, done.returncode))
        if done.returncode != 0:
            raise failed_step.explained(step, done, kubectl)
        if step.argv[:2] == ("kind", "create"):
            leftovers.record(folder.name, docker.labelled(LABEL + folder.name))
        if step.argv[0] == "containerlab":
            _verify(folder)
    transcript.phase = "build"
    return transcript


def _verify(folder: Path) -> None:
    """Whether every link and address of the fabric is as its file says; its containers are written down before that.

    Raises:
        ExperimentFailed: one is not.
    """
    made = yaml.safe_load((folder / kind_plan.FABRIC_FILE).read_text())
    found = docker.containers(kind_plan.containers(made, folder.name))
    leftovers.record(folder.name, [container.id for container in found.values()])
    containerlab.verify(containerlab.ContainerlabLab(found, (), (), "host"), made)


def _lab(mode: Mode, folder: Path, transcript: base.Transcript, facts: Mapping[str, str]) -> KubernetesLab:
    members, routers = addresses.plan(kind_cluster.NODES, mode.underlay.kind, mode.underlay.reflectors)
    names = {router.name: kind_plan.fabric_container(folder.name, router.name) for router in routers}
    found = docker.containers(names) if names else {}
    kubectl = Kubectl(str(folder / kind_plan.KUBECONFIG))
    lab = KubernetesLab(
        Kind.name, kubectl, kind_plan.NAMESPACE,
        tuple(dataclasses.replace(node, device=kind_plan.DEVICE) for node in members[:kind_plan.MEASURING]),
        {node.name: kind_cluster.container(folder.name, node) for node in members},
        routers={router: found[router.name].enter for router in routers},
        facts={**_facts(kubectl, folder), **facts},
    )
    lab.transcript = transcript
    return lab


def _node_image() -> str:
    """The image of kind's nodes: by its digest, unless Docker has it by its tag only, as from an archive.

    kind would go to the registry for the digest. The result says which it was, with the image's id.
    """
    if docker.has_image(kind_cluster.IMAGE) or not docker.has_image(kind_cluster.TAG):
        return kind_cluster.IMAGE
    return kind_cluster.TAG


def _image_facts(image: str) -> dict[str, str]:
    with contextlib.suppress(PodpathError):
        return {"node image": f"{image} ({docker.text(['image', 'inspect', '--format', '{{.Id}}', image]).strip()[:80]})"}
    return {"node image": image}


def _facts(kubectl: Kubectl, folder: Path) -> dict[str, str]:
    """What the cluster is made of; a version that a tool does not say is left out."""
    found: dict[str, str] = {}
    for tool, argv in (("kind", ["kind", "version", "--quiet"]), ("containerlab", ["containerlab", "version", "--short"])):
        with contextlib.suppress(PodpathError):
            found[tool] = commands.text(argv, ANSWER_S, environment=containerlab.environment(folder)).strip()[:40]
    with contextlib.suppress(PodpathError):
        found["Kubernetes"] = str(dig(kubectl.json("version"), "serverVersion", "gitVersion"))[:40]
    return found


def _keep_logs(name: str) -> str:
    """Let kind export its nodes' logs to where they stay; a sentence that says where, or why not, or nothing."""
    place = leftovers.logs(name)
    try:
        if not docker.labelled(LABEL + name):
            return ""  # there were no nodes yet
        place.mkdir(parents=True)
        commands.text(commands.tied(["kind", "export", "logs", str(place), "--name", name]), EXPORT_S,
                      environment=commands.marked(name))
    except (PodpathError, OSError) as error:
        return f"kind's logs could not be kept: {str(error).splitlines()[0]}"
    return f"kind's logs are in {paths.shown(place)}."


class Kind(Backend):
    """The kind lab, for the table of labs."""

    name = "kind"
    makers = True
    measuring_nodes = kind_plan.MEASURING
    sizes_of_catalogue = False  # a cluster's CNI has the MTU that it was given, and its routers are no part of the mode
    told_in_results = ("node image", "manifest")

    def needs(self, mode: Mode, kernel: str, machine: Machine) -> tuple[Missing, ...]:
        """As :meth:`Backend.needs`."""
        return needs_kind.needs(mode, machine)

    def up(
        self, mode: Mode, *, nodes: int = 2, kernel: str = HOST, means: Means = NO_MEANS, tell: Tell = lambda _: None
    ) -> contextlib.AbstractContextManager[KubernetesLab]:
        """As :meth:`Backend.up`."""
        return up(mode, manifests=means.manifests, image_archive=means.image_archive, tell=tell)

    def on_paper(self, mode: Mode | None, *, nodes: int = 2, means: Means = NO_MEANS) -> Paper:
        """The files and commands, as a person could paste them into an empty folder."""
        assert mode is not None
        plan = kind_plan.plan(mode, f"podpath-{mode.name}", peering.routers(mode, kind_cluster.NODES))
        source = cni_manifest.source(cni_manifest.installation(mode.name).cni)
        files = [f"cat > {name} <<'END'\n{content}END" for name, content in plan.files.items()]
        return Paper(
            ("# up, in an empty folder, as root", *files,
             f"# manifest.yml: {source.url}, edited as experiments/labs/kubernetes/manifests says", *_lines(plan.up)),
            after=("\n# down", *_lines(plan.down)),
        )

    def remove(self, name: str) -> None:
        """As :func:`remove`."""
        remove(name)


def _lines(steps: Iterable[kind_plan.Step]) -> list[str]:
    return [f"# {step.why}\n{shlex.join(step.argv)}" for step in steps]
