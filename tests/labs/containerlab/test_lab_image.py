"""The lab's image without Docker: one list of packages, and messages where it cannot be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.errors import ExperimentFailed, UserError
from experiments.labs.containerlab import lab_image
from experiments.machine.packages import PACKAGES


def test_the_packages_are_those_of_the_dockerfile_and_bring_what_the_labs_need() -> None:
    packages = lab_image.packages()
    assert all(package.replace("-", "").replace("2", "").replace("3", "").isalpha() for package in packages)
    needed = {package.debian for package in PACKAGES if package.wanted_for == "lab"}
    assert needed <= set(packages)


def test_the_archive_lies_where_it_is_told_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PODPATH_LAB_IMAGE", str(tmp_path / "image.tar"))
    assert lab_image.archive() == tmp_path / "image.tar"
    monkeypatch.delenv("PODPATH_LAB_IMAGE")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # the specification has such a value ignored
    assert lab_image.archive().is_absolute()


def test_without_mmdebstrap_the_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="mmdebstrap is not installed"):
        lab_image.make(tmp_path / "image.tar")


def test_a_failed_one_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "mmdebstrap"
    program.write_text('#!/bin/sh\nfor last; do :; done\necho half > "$last"\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    target = tmp_path / "cache" / "image.tar"
    with pytest.raises(ExperimentFailed, match="ended with 1"):
        lab_image.make(target)
    assert list(target.parent.iterdir()) == []
