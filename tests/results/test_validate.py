"""Validation of a campaign that was really measured, and of what happens to it when somebody changes a digit."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest

from experiments import catalog
from experiments.errors import UserError
from experiments.results.store import Stored
from experiments.results.validate import Report, validate

pytestmark = pytest.mark.lab


def check(path: Path) -> Report:
    return validate(path, modes=catalog.load())


@pytest.fixture
def folder(measured: Stored, tmp_path: Path) -> Path:
    return Path(shutil.copytree(measured.folder, tmp_path / measured.folder.name))


def test_a_measured_campaign_is_valid(folder: Path) -> None:
    report = check(folder)
    assert report.errors == []
    assert report.files == 3


MEASURES = ("wire_efficiency_ratio", "wire_goodput_bps", "underlay_tx_bytes", "underlay_tx_packets", "payload_bytes",
            "goodput_bps", "core_goodput_bps", "pair_ratio", "median", "low", "high")


@pytest.mark.parametrize("key", MEASURES)
def test_one_changed_digit_of_a_measure_is_found(folder: Path, key: str) -> None:
    path = folder / "calico-bgp.yml"
    text = path.read_text()
    source = random.Random(key)
    found = list(re.finditer(rf"\b{key}: ([\d.]+)", text))
    assert found
    for match in source.sample(found, min(3, len(found))):
        number = match[1]
        position = match.start(1) + source.choice([i for i, c in enumerate(number[:7]) if c.isdigit()])
        changed = str((int(text[position]) + 1) % 10)
        path.write_text(text[:position] + changed + text[position + 1:])
        errors = check(folder).errors
        assert errors, f"{match[0]} -> {changed} at {position}"
        assert str(path) in str(errors[0])
    path.write_text(text)


def test_a_changed_raw_file_is_found(folder: Path) -> None:
    raw = next((folder / "raw").iterdir())
    raw.write_bytes(raw.read_bytes()[:-1] + b"x")
    assert any("SHA-256" in str(error) for error in check(folder).errors)


@pytest.mark.parametrize(("old", "new", "message"), [
    ("schema: podpath/mode/1", "schema: podpath/mode/9", "newer"),
    ("kernel: host", "kernel: host\nsurprise: 1", "surprise"),
    ("kernel: host", "kernel: [host", "YAML"),
    ("kernel: host", "kernel: host\nkernel: host", "twice"),
    ("mode: calico-bgp", "mode: calico-pgb", "calico-pgb"),
    ("control plane: BIRD", "control plane: 8.8.8.8 BIRD", "a public address (8.8.8.8)"),
    ("control plane: BIRD", "control plane: /home/somebody BIRD", "home"),
])
def test_what_is_wrong_is_named_with_file_and_line(folder: Path, old: str, new: str, message: str) -> None:
    path = folder / "calico-bgp.yml"
    path.write_text(path.read_text().replace(old, new, 1))
    errors = [str(error) for error in check(folder).errors]
    assert any(message in error for error in errors), errors
    assert all(re.match(rf"{re.escape(str(folder))}/[\w.@-]+:(\d+:)?", error) for error in errors), errors


def test_a_missing_folder_is_the_user_s_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        check(tmp_path / "nothing")
