"""The front door: one short task a function, each of which calls one function of ``experiments.cli``."""

from invoke.context import Context
from invoke.tasks import task

from experiments.cli import completion  # noqa: F401 (the Tab key then completes names of modes)
from experiments.cli.door import door
from experiments.cli.offered import Offering, OfferingMany


@task(help={"dry_run": "only say what would be done", "tests": "also what the tests need: a browser",
            "for": "only what this mode needs", "verbose": "show what apt-get says",
            "image": "also the containerlab lab's image as an archive, for the capsule"})
@door
def setup(
    c: Context, dry_run: bool = False, tests: bool = False, image: bool = False, for_: str = "", verbose: bool = False
) -> None:
    """Install the Debian packages that the labs need."""
    from experiments.cli.setup import run_setup

    run_setup(dry_run=dry_run, tests=tests, image=image, mode=for_, verbose=verbose)


@task(name="list", help={"format": "table or json", "lab": "only this lab, with how to get what it lacks"})
@door
def list_(c: Context, format: str = "table", lab: str = "") -> None:
    """Show which modes can run where, and what is missing."""
    from experiments.cli.listing import run_list

    run_list(format=format, lab=lab)


@task(
    positional=["name"],
    help={
        "name": "the mode, as `invoke list` names it; with --lab cluster also auto: what it runs",
        "lab": "auto, netns, containerlab, kind or cluster",
        "kernel": "auto, host or uml (the User-Mode Linux capsule)",
        "profile": "smoke, quick or standard: how long and how often is measured",
        "seed": "number that fixes the order of deployments",
        "nodes": "number of nodes",
        "out": "folder for results; default data/local",
        "keep": "keep the lab up after measuring, until Enter",
        "dry_run": "only print the commands and the measurements",
        "host": "name under which this machine appears in results",
        "daemon": "ours, upstream where upstream's daemon is installed, or the path of that program",
        "force": "with --kernel uml: also a relay, whose figures are then User-Mode Linux's",
        "on": "with --lab cluster: the two nodes, \"a,b\"; else the first two that are fit",
        "image": "with --lab cluster: the lab's image, where the cluster can pull it",
        "manifests": "with --lab kind: a folder with the CNIs' manifests, for machines without internet",
        "image_archive": "with --lab kind: a file of `docker save` with the CNI's images, likewise",
    },
)
@door
def experiment(
    c: Context, name: str, lab: str = "auto", kernel: str = "auto", profile: str = "quick", seed: int = 1,
    nodes: int = 2, out: str = "", keep: bool = False, dry_run: bool = False, host: str = "", daemon: str = "ours",
    force: bool = False, manifests: str = "", image_archive: str = "", on: str = "", image: str = "",
) -> None:
    """Build a mode, prove that it is in force, measure it."""
    from experiments.cli.experiment import run_experiment

    run_experiment(name, lab=lab, kernel=kernel, profile=profile, seed=seed, nodes=nodes, out=out, keep=keep,
                   dry_run=dry_run, host=host, daemon=daemon, force=force, manifests=manifests,
                   image_archive=image_archive, on=on, image=image)


@task(help={"on": "the two nodes, \"a,b\"; else the first two", "format": "table or json",
            "from": "a folder with a saved cluster, instead of the one of the kubectl context",
            "collect": "only print the script that saves a cluster, with kubectl alone"})
@door
def recognise(c: Context, on: str = "", format: str = "table", from_: str = "", collect: bool = False) -> None:
    """Say which mode a cluster runs, and why; make nothing."""
    from experiments.cli.recognise import run_recognise

    run_recognise(on=on, format=format, source=from_, collecting=collect)


@task(
    help={
        "modes": "modes, comma-separated; default all",
        "profile": "smoke, quick or standard; default standard",
        "seed": "number that fixes the order of deployments; default 1",
        "resume": "go on with the newest unfinished campaign, as it was planned",
        "out": "folder for campaigns; default data/campaigns",
        "host": "name under which this machine appears in results",
        "kernels": "all (default), auto (the host's where it can), host or uml",
        "reference": "mark it as the campaign that carries the site's figures",
        "anyway": "also on a busy machine",
        "lab": "netns (default), containerlab or kind",
        "manifests": "with --lab kind: a folder with the CNIs' manifests, for machines without internet",
        "image_archive": "with --lab kind: a file of `docker save` with the CNIs' images, likewise",
        "deployments": "with --reference: how many of each mode, 6 to 30; default as the profile has it",
    },
)
@door
def campaign(
    c: Context, modes: str = "", profile: str = "", seed: str = "", resume: bool = False, out: str = "",
    host: str = "", kernels: str = "", reference: bool = False, anyway: bool = False, lab: str = "",
    manifests: str = "", image_archive: str = "", deployments: str = "",
) -> None:
    """Measure all modes in random blocks; resumable."""
    from experiments.cli.campaign import run_campaign

    run_campaign(modes=modes, profile=profile, seed=seed, resume=resume, out=out, host=host, kernels=kernels,
                 reference=reference, anyway=anyway, lab=lab, manifests=manifests, image_archive=image_archive,
                 deployments=deployments)


@task(
    klass=OfferingMany,
    positional=["modes"],
    help={
        "modes": "modes, or all (the default)",
        "deployments": "how many of ours, and of upstream's; default as the profile has it",
        "profile": "smoke, quick or standard: how long and how often is measured; default quick",
        "seed": "number that fixes the order of deployments; default 1",
        "daemon": "upstream's programs, or folders that have them, colons between them; else as PATH has them",
        "resume": "go on with the newest unfinished one, as it was planned",
        "kernel": "auto, host or uml (the User-Mode Linux capsule)",
        "force": "also a relay in the capsule, where its figures are User-Mode Linux's",
        "from": "compare a stored campaign again: its folder or id; nothing is measured",
        "out": "folder for the campaign; default data/local",
        "host": "name under which this machine appears in results",
        "reference": "keep it in data/campaigns, for the page about fidelity",
    },
)
@door
def fidelity(
    c: Context, modes: str | None = None, deployments: str = "", profile: str = "", seed: str = "", daemon: str = "",
    resume: bool = False, kernel: str = "auto", force: bool = False, from_: str = "", out: str = "", host: str = "",
    reference: bool = False,
) -> None:
    """Compare our recipes with upstream's own daemons; resumable."""
    from experiments.cli.fidelity import run_fidelity

    run_fidelity(modes or "", deployments=deployments, profile=profile, seed=seed, kernel=kernel, force=force,
                 source=from_, out=out, host=host, reference=reference, daemon=daemon, resume=resume)


@task(
    klass=OfferingMany,
    positional=["modes"],
    help={
        "modes": "modes with BGP, blanks between them, or all; also without this option",
        "nodes": "numbers of nodes, comma-separated, each 2 to 200; default 2,10,30",
        "repeat": "how often each size is built; default 1",
        "timeout": "seconds to wait for the last route; default 60",
        "format": "table or json",
        "store": "keep what was measured in data/growth",
        "out": "keep it in this folder instead",
        "host": "name under which this machine appears there",
        "anyway": "also on a busy machine",
    },
)
@door
def scale(
    c: Context, modes: str | None = None, nodes: str = "2,10,30", repeat: int = 1, timeout: int = 60,
    format: str = "table", store: bool = False, out: str = "", host: str = "", anyway: bool = False,
) -> None:
    """Show how control planes grow with their nodes."""
    from experiments.cli.scale import run_scale

    run_scale(modes or "", nodes=nodes, repeat=repeat, timeout=timeout, format=format, store=store, out=out, host=host,
              anyway=anyway)


@task(
    klass=OfferingMany,
    positional=["modes"],
    help={
        "modes": "modes, blanks between them, or all; also without this option",
        "event": "cut (the default), silent, mtu, daemon, comma-separated, or all",
        "watch": "seconds; default cut 90, silent 260, mtu 90, daemon 150",
        "kernel": "auto, host or uml (the User-Mode Linux capsule)",
        "at_once": "how many at the same time: most of it is waiting",
        "format": "table or json",
        "store": "keep what was seen in data/failures",
        "out": "keep it in this folder instead",
        "host": "name under which this machine appears there",
    },
)
@door
def fail(
    c: Context, modes: str | None = None, event: str = "cut", watch: int = 0, kernel: str = "auto", at_once: int = 1,
    format: str = "table", store: bool = False, out: str = "", host: str = "",
) -> None:
    """Break something, and see who notices."""
    from experiments.cli.fail import run_fail

    run_fail(modes or "", event=event, watch=watch, kernel=kernel, at_once=at_once, format=format, store=store, out=out,
             host=host)


@task(
    klass=Offering,
    positional=["result", "other"],
    help={
        "result": "a folder, an id, a file, or a mode's name; default the newest",
        "other": "a second one: both are shown by their ratios",
    },
)
@door
def show(c: Context, result: str | None = None, other: str | None = None) -> None:
    """Show a stored result again, or compare two."""
    from experiments.cli.show import run_show

    run_show(result or "", other or "")


@task(help={"anyway": "also on a busy machine"})
@door
def noise(c: Context, anyway: bool = False) -> None:
    """Show what this machine can tell, and what not."""
    from experiments.cli.noise import run_noise

    run_noise(anyway=anyway)


@task(
    klass=Offering,
    positional=["result"],
    help={
        "result": "a folder of data/campaigns, or its id; default the newest that is not merged",
        "dry_run": "only check it and print the text of the pull request (the default)",
        "branch": "also commit the one folder, on a branch of its own",
    },
)
@door
def submit(c: Context, result: str | None = None, dry_run: bool = False, branch: bool = False) -> None:
    """Check a campaign, commit it, print its pull request."""
    from experiments.cli.submit import run_submit

    run_submit(result or "", dry_run=dry_run, branch=branch)


@task(
    positional=["name"],
    help={"name": "of the new mode: its CNI, a hyphen, its mode", "like": "the mode that it begins as a copy of",
          "variant_of": "write a variant of this mode instead"},
)
@door
def new_mode(c: Context, name: str, like: str = "", variant_of: str = "") -> None:
    """Begin a mode, or a variant: its folder, its page."""
    from experiments.cli.new_mode import run_new_mode

    run_new_mode(name, like=like, variant_of=variant_of)


@task(help={"path": "file or folder; default data/", "base": "git revision: results were only added since, in one folder",
            "head": "with --base: check this revision, without checking it out",
            "report": "with --head: a file for the page that a reviewer is given"})
@door
def validate(c: Context, path: str = "", base: str = "", head: str = "", report: str = "") -> None:
    """Check result files as CI does."""
    from experiments.cli.validate import run_validate

    run_validate(path, base=base, head=head, report=report)


@task
@door
def render(c: Context) -> None:
    """Render data/ into pages."""
    from experiments.cli.site import render_site

    render_site()


@task(help={"offline": "also pack a copy that can be read from the disk"})
@door
def build(c: Context, offline: bool = False) -> None:
    """Render and build the site, strictly."""
    from experiments.cli.site import build_site

    build_site(offline=offline)


@task(help={"port": "port on this machine, 1 to 65535"})
@door
def serve(c: Context, port: str = "8000") -> None:
    """Serve the site; reload on change of data or prose."""
    from experiments.cli.site import serve_site

    serve_site(port=port)


@task
@door
def check(c: Context) -> None:
    """Build, then check links, offline use and accessibility."""
    from experiments.cli.site import check_site

    check_site()


@task(help={"quick": "under a minute: without labs, capsule, browser, site builds and mypy"})
@door
def test(c: Context, quick: bool = False) -> None:
    """Run the tests; pytest's arguments go after --."""
    from experiments.cli.test import run_tests

    run_tests(quick=quick)


@task(help={"which": "benchmarks, comma-separated; default all"})
@door
def bench(c: Context, which: str = "") -> None:
    """Print benchmarks of Podpath itself."""
    from experiments.cli.bench import run_bench

    run_bench(which)


@task
@door
def clean(c: Context) -> None:
    """Remove what a lab left behind."""
    from experiments.cli.clean import run_clean

    run_clean()
