"""Fixtures for all tests: what a machine must have before a test can be run for real."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

import pytest
from measured import measure

from experiments.errors import PodpathError
from experiments.labs.cluster import backend as cluster
from experiments.results.store import Stored

LAB_TOOLS = ("unshare", "nsenter", "ip", "ping", "iperf3", "ethtool", "bird", "sockperf")
SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"


@cache
def lab_is_missing() -> str:
    """Why the embedded lab cannot be built here; empty if it can."""
    missing = [tool for tool in LAB_TOOLS if shutil.which(tool, path=SYSTEM_PATH) is None]
    if missing:
        return f"the lab needs {', '.join(missing)}: run `invoke setup`"
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--net", "true"], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"user namespaces are not allowed here: {done.stderr.strip()}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cluster", action="store_true", help="also measure the cluster of the current kubectl context")
    parser.addoption("--cluster-image", default="", help="the lab's image, where that cluster can pull it")


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
            reason = cluster_is_missing() if meant else "no cluster was started: --cluster measures the one kubectl knows"
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))
        if item.get_closest_marker("lab") and lab_is_missing():
            item.add_marker(pytest.mark.skip(reason=lab_is_missing()))


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """A campaign of two modes; skips where no lab can be built."""
    if lab_is_missing():
        pytest.skip(lab_is_missing())
    return measure(tmp_path_factory.mktemp("measured"))
