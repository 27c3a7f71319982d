"""For all tests: what a machine must have, in which order they run on how many workers, and what is said of those skipped."""

from __future__ import annotations

import gc
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import bytecode
import order
import pytest
import skip_table
from hypothesis import settings
from measured import measure
from shared import made_once

from experiments import paths
from experiments.errors import PodpathError
from experiments.labs.cluster import backend as cluster
from experiments.labs.netns.needs_embedded import LAB_TOOLS
from experiments.results.store import Stored, read_campaign

NEEDED = (*LAB_TOOLS, "bird")
NO_CLUSTER = "no cluster was started; to measure the one that kubectl knows: `invoke test -- --cluster`"

# How long an example takes says something of the machine and nothing of the code.
settings.register_profile("podpath", deadline=None)
settings.load_profile("podpath")


@cache
def lab_is_missing() -> str:
    """Why the embedded lab cannot be built here; empty if it can."""
    missing = [tool for tool in NEEDED if paths.find(tool) is None]
    if missing:
        return f"the lab needs {', '.join(missing)}: run `invoke setup`"
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--net", "true"], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"user namespaces are not allowed here: {done.stderr.strip()}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cluster", action="store_true", help="also measure the cluster of the current kubectl context")
    parser.addoption("--cluster-image", default="", help="the lab's image, where that cluster can pull it")
    parser.addoption("--quick", action="store_true",
                     help=f"leave out what takes long: tests with one of the marks {', '.join(order.SLOW)}")


def pytest_configure(config: pytest.Config) -> None:
    bytecode.keep(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For ``-n auto``: three workers more than processors, because most tests wait for a lab; more than eight gain nothing."""
    return min(8, len(os.sched_getaffinity(0)) + 3)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For ``--dist loadgroup``: groups by name. pytest-xdist's own, by mark, are lost with pytest 9.2 (its issue 1386)."""
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return order.group(nodeid)

    return Groups(config, log)


@cache
def cluster_is_missing() -> str:
    """Why no cluster can be measured: none is meant, or none answers; empty if one does."""
    try:
        cluster.target()
    except PodpathError as error:
        return f"no cluster was started: {error.problem}"
    return ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("cluster"):
            meant = config.getoption("--cluster")
            reason = cluster_is_missing() if meant else NO_CLUSTER
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))
        if item.get_closest_marker("lab") and lab_is_missing():
            item.add_marker(pytest.mark.skip(reason=lab_is_missing()))
    if config.getoption("--quick"):
        order.leave_out_the_slow(config, items)
    order.begin_with_the_longest(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()  # thousands of tests stay until the end; whoever looks for garbage need not look at them each time


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reasons = [skip_table.reason_of(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for line in skip_table.lines(reasons, skip_table.width()):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def for_all_workers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's temporary folder; each worker has one below it."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="session")
def measured(for_all_workers: Path) -> Stored:
    """A campaign of two modes, the same for all workers; skips where no lab can be built."""
    if lab_is_missing():
        pytest.skip(lab_is_missing())
    folder, = made_once(for_all_workers, "measured", measure).iterdir()
    return Stored(folder, *read_campaign(folder))
