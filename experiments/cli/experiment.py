"""``invoke experiment``: one mode, from nothing to a stored result and a table."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import yaml

from experiments import campaign, catalog, protocol, views
from experiments.catalog import Mode
from experiments.cli import cluster
from experiments.cli.progress import console, say, telling
from experiments.cli.result import close, show_result
from experiments.dataplanes import calico
from experiments.dataplanes.base import recipe_for
from experiments.errors import ExperimentFailed, UserError
from experiments.kernels import Deployer
from experiments.labs import kind_cluster, kind_plan, kubernetes, manifest, netns, topology
from experiments.labs.base import Lab
from experiments.pace import Pace
from experiments.preflight import choose, require_upstream
from experiments.results import store
from experiments.results.words import counted, duration
from experiments.run import Job, Means, Outcome, Tell

ROOT = Path(__file__).resolve().parents[2]
LOCAL_RESULTS = ROOT / "data" / "local"
DAEMONS = {"ours": None, "upstream": "upstream"}


def run_experiment(
    name: str, *, lab: str = "auto", kernel: str = "auto", profile: str = "quick", seed: int = 1, nodes: int = 2,
    out: str = "", keep: bool = False, dry_run: bool = False, host: str = "", daemon: str = "ours",
    force: bool = False, manifests: str = "", image_archive: str = "", on: str = "", image: str = "",
) -> Path | None:
    """Measure one mode and store the result below ``out`` (default: data/local); the folder, or None for a dry run.

    ``daemon``: ``ours``, or ``upstream`` for upstream's own where the mode has one; the result has a file of its own.
    ``force``: a relay also in User-Mode Linux, where it measures User-Mode Linux; the result says so. ``manifests``: a folder
    with the CNIs' manifests, ``image_archive`` a file with a CNI's images, for the kind lab on a machine that cannot fetch
    them. ``on`` names the cluster lab's two nodes, ``image`` the lab's image where that cluster can pull it.

    Raises:
        UserError: unknown mode, lab or profile, or something is missing on this machine.
        ExperimentFailed: the deployment failed; the result file holds the evidence.
    """
    protocol.profile(profile)
    if daemon not in DAEMONS:
        raise UserError(f"Unknown daemon '{daemon}'.", f"Daemons: {', '.join(DAEMONS)}.")
    upstream = DAEMONS[daemon]
    if lab != "cluster" and (on or image):
        raise UserError("--on and --image are for clusters that exist.", "Use them with --lab cluster.")
    if lab == "cluster" and dry_run:
        cluster.show_plan(image)
        _show_trials(profile)
        return None
    asked = cluster.ask(name, on, image) if lab == "cluster" else None
    mode = asked.mode if asked else catalog.get(name)
    if lab in kubernetes.LABS and nodes != kind_plan.MEASURING:
        raise UserError(f"{nodes} nodes cannot be had in the lab {lab}: two nodes measure there, whatever the cluster has.",
                        "Leave --nodes out.")
    if manifests and not Path(manifests).is_dir():
        raise UserError(f"--manifests {manifests}: there is no such folder.", "Name the folder that has the CNIs' manifests.")
    if image_archive and not Path(image_archive).is_file():
        raise UserError(f"--image-archive {image_archive}: there is no such file.",
                        "Make it where registries can be reached: `docker save --output FILE IMAGE …`.")
    if dry_run:
        _show_plan(mode, profile, nodes, lab, upstream)
        return None
    choice = choose(mode, lab if nodes == kind_plan.MEASURING or lab != "auto" else "netns", kernel, forced=force,
                    daemon=upstream)
    console.print(choice.sentence, markup=False)
    request = campaign.Request(
        (campaign.Variant(mode.name, choice.lab, choice.kernel, upstream),), profile, seed, nodes, host,
        command=("invoke", *sys.argv[1:]),
    )
    if asked:
        request = replace(request, host=host or asked.slug, machine=asked.machine, software=asked.software,
                          command=cluster.command(mode.name, profile))
    root = Path(out) if out else LOCAL_RESULTS
    folder = campaign.begin(request, root)
    pace = Pace(campaign.plan(request), protocol.profile(profile))
    say(f"Measures {counted(protocol.profile(profile).deployments, 'deployment')}, profile {profile}: about "
        f"{duration(pace.left_s)}.")
    try:
        with telling(pace) as tell, Deployer(asked.means if asked else Means(manifests, image_archive)) as deployer:
            # A lab that somebody has entered, and left, is not built again.
            report = campaign.advance(folder, _holding(deployer) if keep else deployer, tell, repeat=not keep, pace=pace)
    except BaseException:
        if not store.mode_files(folder):  # nothing was measured: what stands there is only the plan
            shutil.rmtree(folder)
        raise
    _, (result, *_) = store.read_campaign(folder)
    show_result(result, folder)
    close(report, folder, shown_on_site=root == LOCAL_RESULTS)
    failed = [d for d in result.deployments if d.status == "failed"]
    if failed:
        raise ExperimentFailed(f"{mode.name}: {failed[0].reason}", f"The evidence is in {store.mode_path(folder, result)}.")
    return folder


def _holding(deployer: Deployer) -> campaign.Deploy:
    """Deploy, and keep the lab up until Enter is pressed."""

    def hold(lab: Lab) -> None:
        console.print("The lab is up. From another terminal, for example:")
        for place in (lab.nodes[0].name, "pod1"):
            console.print("  " + shlex.join(lab.shell(place)), markup=False)
        if sys.stdin.isatty():
            input("Enter takes it down. ")
        else:
            console.print("Nobody is at the keyboard: it is taken down now.")

    def deploy(job: Job, tell: Tell) -> Outcome:
        return deployer(job, tell, hold)

    return deploy


def _show_plan(mode: Mode, profile: str, nodes: int, lab_name: str, daemon: str | None) -> None:
    """What would be done: the commands, in order, and the trials.

    Raises:
        UserError: upstream's daemon is asked for, and the mode or the lab has none.
    """
    if daemon:
        require_upstream(mode, "netns" if lab_name == "auto" else lab_name)
    lab = netns.on_paper(nodes=nodes, underlay=mode.underlay.kind, reflectors=mode.underlay.reflectors,
                         mtu_bytes=mode.mtu.underlay_bytes)
    if lab_name == "kind":
        _show_kind(mode, profile)
        return
    if lab_name == "containerlab":
        lab.transcript.steps.clear()  # the underlay is containerlab's
        console.print("# up, in the folder experiments/modes/" + mode.name, markup=False)
        console.print("lab# containerlab deploy --topo /dev/stdin <<'END'", markup=False)
        console.print(yaml.safe_dump(topology.topology(mode, nodes), sort_keys=False, width=120) + "END", markup=False)
    recipe_for(mode, lab, daemon).build()
    phase = ""
    for step in lab.transcript.steps:
        if step.phase != phase:
            phase = step.phase
            console.print(f"\n# {phase}", markup=False)
        content = f" <<'END'\n{step.output}\nEND" if step.command.startswith("cat ") and step.output else ""
        console.print(f"{step.place or 'lab'}# {step.command}{content}", markup=False)
    _show_trials(profile)


def _show_kind(mode: Mode, profile: str) -> None:
    """The files and commands of the kind lab, as a person could paste them into an empty folder."""
    plan = kind_plan.plan(mode, f"podpath-{mode.name}", calico.routers(mode, kind_cluster.NODES))
    source = manifest.source(manifest.kubernetes(mode.name).cni)
    console.print("# up, in an empty folder, as root", markup=False)
    for name, content in plan.files.items():
        console.print(f"cat > {name} <<'END'\n{content}END", markup=False)
    console.print(f"# manifest.yml: {source.url}, edited as experiments/labs/manifests says", markup=False)
    for step in plan.up:
        console.print(f"# {step.why}\n{shlex.join(step.argv)}", markup=False)
    _show_trials(profile)
    console.print("\n# down", markup=False)
    for step in plan.down:
        console.print(f"# {step.why}\n{shlex.join(step.argv)}", markup=False)


def _show_trials(profile: str) -> None:
    console.print("\n# measure", markup=False)
    for ask in views.plan(protocol.profile(profile)):
        console.print(f"{ask.view}, {ask.path}, streams {ask.streams}, MSS {ask.mss}", markup=False)
