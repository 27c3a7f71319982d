"""A copy of the project with a measured campaign, built for real, served, and a browser to read it with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from built_site import built, copy_of_project
from filelock import FileLock
from playwright.sync_api import Browser
from shared import made_once

from experiments import catalog
from experiments.paths import ROOT
from experiments.results.store import Stored
from experiments.site import browser as browser_checks
from experiments.site.static_host import served


@pytest.fixture(scope="session")
def project(measured: Stored, for_all_workers: Path) -> Path:
    """A copy of the project with one measured campaign, built strictly, the same for all workers."""

    def make(copy: Path) -> None:
        copy_of_project(copy)
        shutil.copytree(measured.folder, copy / "data" / "local" / measured.folder.name)
        done = built(copy)
        assert done.returncode == 0, done.stdout + done.stderr

    return made_once(for_all_workers, "project", make)


@pytest.fixture
def building(project: Path, for_all_workers: Path) -> Iterator[None]:
    """For a test that builds once more in the shared project: only one at a time does."""
    with FileLock(for_all_workers / "project.building"):
        yield


@pytest.fixture
def narrower(tmp_path: Path) -> catalog.Mode:
    """Flannel's VXLAN as a copy of its mode.yml has it, in which pods have an MTU of 1350 instead of 1450."""
    text = (ROOT / "experiments" / "modes" / "flannel-vxlan" / "mode.yml").read_text()
    changed = text.replace("1450", "1350").replace("length_bytes: 1480", "length_bytes: 1380").replace(
        "version: 4, length_bytes: 1500", "version: 4, length_bytes: 1400")
    file = tmp_path / "flannel-vxlan" / "mode.yml"
    file.parent.mkdir()
    file.write_text(changed)
    return catalog.read(file)


@pytest.fixture(scope="session")
def address(project: Path) -> Iterator[str]:
    with served(project / "site") as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with browser_checks.chromium() as launched:
        yield launched
