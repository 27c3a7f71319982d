"""``invoke experiment``: one mode, from nothing to a stored result and a table."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from experiments import catalog
from experiments.catalog import Mode
from experiments.cli import cluster, daemon_option, offline
from experiments.cli.progress import console, say, telling
from experiments.cli.result import close, show_result
from experiments.dataplanes.table import recipe_for
from experiments.errors import ExperimentFailed, UserError
from experiments.labs import table
from experiments.labs.backend import Backend, Means, Tell
from experiments.labs.base import Lab, Transcript
from experiments.labs.readiness import choose, require_upstream
from experiments.machine import look
from experiments.measure import campaign, protocol
from experiments.measure.deployment import Job, Outcome
from experiments.measure.kernels import Deployer
from experiments.measure.pace import Pace
from experiments.measure.views.plan import plan
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.words import counted, duration
from experiments.variant import Variant

LOCAL_RESULTS = ROOT / "data" / "local"
AUTO = "auto"
DAEMONS = {"ours": "", "upstream": "upstream"}


def run_experiment(
    name: str, *, lab: str = "auto", kernel: str = "auto", profile: str = "quick", seed: int = 1, nodes: int = 2,
    out: str = "", keep: bool = False, dry_run: bool = False, host: str = "", daemon: str = "ours",
    force: bool = False, manifests: str = "", image_archive: str = "", on: str = "", image: str = "",
) -> Path | None:
    """Measure one mode and store the result below ``out`` (default: data/local); the folder, or None for a dry run.

    ``daemon``: ``ours``, or ``upstream`` for upstream's own where the mode has one, or the path of that program; the result
    has a file of its own.
    ``force``: a relay also in User-Mode Linux, where it measures User-Mode Linux; the result says so. ``manifests``: a folder
    with the CNIs' manifests, ``image_archive`` a file with a CNI's images, for the kind lab on a machine that cannot fetch
    them. ``on`` names the cluster lab's two nodes, ``image`` the lab's image where that cluster can pull it.

    Raises:
        UserError: unknown mode, lab or profile, or something is missing on this machine.
        ExperimentFailed: the deployment failed; the result file holds the evidence.
    """
    protocol.profile(profile)
    if "/" in daemon:
        daemon_option.use(Path(daemon), name)
        daemon = "upstream"
    if daemon not in DAEMONS:
        raise UserError(f"Unknown daemon '{daemon}'.", f"Daemons: {', '.join(DAEMONS)}, or the path of upstream's program.")
    upstream = DAEMONS[daemon]
    place = None if lab == AUTO else table.get(lab)
    foreign = place is not None and place.foreign
    if (on or image) and not foreign:
        raise UserError("--on and --image are for clusters that exist.", "Use them with --lab cluster.")
    asked = cluster.ask(name, on, image) if foreign and not dry_run else None
    mode = asked.mode if asked else None if foreign else catalog.get(name)
    if place is not None and nodes != (place.measuring_nodes or nodes):
        raise UserError(f"{nodes} nodes cannot be had in the lab {lab}: two nodes measure there, whatever the cluster has.",
                        "Leave --nodes out.")
    means = offline.from_files(manifests, image_archive, lab)
    if mode is None or dry_run:
        _show_plan(mode, profile, nodes, place or table.EMBEDDED_LAB, upstream, Means(image=image))
        return None
    choice = choose(mode, look(), lab if place or nodes == 2 else table.EMBEDDED_LAB.name, kernel, forced=force,
                    daemon=upstream or None)
    console.print(choice.sentence, markup=False)
    request = campaign.Request(
        (Variant(mode.name, choice.lab, choice.kernel, upstream),), profile, seed, nodes, host,
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
        with telling(pace) as tell, Deployer(asked.means if asked else means) as deployer:
            # A lab that somebody has entered, and left, is not built again.
            report = campaign.advance(folder, _holding(deployer) if keep else deployer, tell, pace=pace)
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


def _show_plan(mode: Mode | None, profile: str, nodes: int, lab: Backend, daemon: str, means: Means) -> None:
    """What would be done: the commands, in order, and the trials.

    Raises:
        UserError: upstream's daemon is asked for, and the mode or the lab has none.
    """
    if daemon and mode:
        require_upstream(mode, lab.name)
    paper = lab.on_paper(mode, nodes=nodes, means=means)
    for line in paper.before:
        console.print(line, markup=False)
    if paper.lab is not None and mode is not None:
        recipe_for(mode, paper.lab, daemon).build()
        _show_steps(paper.lab.transcript)
    _show_trials(profile)
    for line in paper.after:
        console.print(line, markup=False)


def _show_steps(transcript: Transcript) -> None:
    phase = ""
    for step in transcript.steps:
        if step.phase != phase:
            phase = step.phase
            console.print(f"\n# {phase}", markup=False)
        content = f" <<'END'\n{step.output}\nEND" if step.command.startswith("cat ") and step.output else ""
        console.print(f"{step.at or 'lab'}# {step.command}{content}", markup=False)


def _show_trials(profile: str) -> None:
    console.print("\n# measure", markup=False)
    for ask in plan(protocol.profile(profile)):
        between = "pod-pod and host-host in turn" if ask.paired else ask.path
        console.print(f"{ask.view}, {between}, streams {ask.streams}, MSS {ask.mss}", markup=False)
