"""What `invoke validate --path` is pointed at: every folder is looked at once, and what is no result is said to be none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from experiments.cli.validate import run_validate
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.checks.report import Message, Report
from experiments.results.validate import validate

SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    campaign, _ = store.read_campaign(SAMPLE)
    return Path(shutil.copytree(SAMPLE, tmp_path / "campaigns" / campaign.id))


@pytest.mark.parametrize("path", ["README.md", "docs", "tasks.py", "experiments", "tests/golden/bird"])
def test_where_no_results_are_that_is_a_mistake(path: str) -> None:
    with pytest.raises(UserError, match="no result files there"):
        run_validate(str(ROOT / path))


def test_no_path_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        validate(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="neither a file nor a folder"):
        validate(tmp_path / "pipe")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(UserError, match="cannot be read"):
        validate(tmp_path / "round")


def test_a_campaign_is_found_from_everywhere(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    for path in (folder, folder / "campaign.yml", folder / "calico-bgp.yml", folder.parent, tmp_path, tmp_path / "link"):
        report = validate(path)
        assert (report.errors, report.files) == ([], 2), path


def test_a_link_in_the_place_of_a_campaign_is_not_followed(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder, tmp_path / folder.name)
    folder.symlink_to(tmp_path / folder.name)
    errors = [str(error) for error in validate(folder.parent).errors]
    assert errors == [f"{folder}: is a symbolic link; only folders belong here."]


def test_a_folder_of_campaigns_without_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "campaigns" / "empty").mkdir(parents=True)
    assert any("campaign.yml" in str(error) for error in validate(tmp_path).errors)


@pytest.mark.parametrize("name", ["campaign.yml", "calico-bgp.yml", "another.yml", "raw/another.json.gz"])
def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert any(name in str(error) for error in validate(folder).errors)


def test_a_pipe_in_the_place_of_a_raw_output(folder: Path) -> None:
    raw = next((folder / "raw").iterdir())
    raw.unlink()
    os.mkfifo(raw)
    assert any("not a regular file" in str(error) for error in validate(folder).errors)


def test_many_findings_are_noted_once_each() -> None:
    report = Report()
    for number in range(200_000):  # was quadratic: 400 s for a checkout with its environment
        report.add(Message(Path("a"), number % 100_000, "", "", "no"))
    assert len(report.errors) == 100_000
    assert report.counted == "100000 errors, 0 warnings in 0 files"
