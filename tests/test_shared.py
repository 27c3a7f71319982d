"""What workers share is made by one of them, the order of the tests, and the table of what was skipped."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import order
import pytest
import skip_table
from shared import made_once

from experiments.cli.test import after_dashes, command


def test_workers_share_what_the_first_of_them_makes(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("x")

    with ThreadPoolExecutor(2) as workers:
        found = list(workers.map(lambda _: made_once(tmp_path, "thing", make), range(2)))
    assert made == [tmp_path / "thing"]
    assert found == made * 2
    assert (tmp_path / "thing" / "file").read_text() == "x"


def test_what_could_not_be_made_is_not_tried_again(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        raise ValueError("no flour")

    with pytest.raises(ValueError, match="no flour"):
        made_once(tmp_path, "bread", make)
    with pytest.raises(RuntimeError, match="bread could not be made: no flour"):
        made_once(tmp_path, "bread", make)


def test_a_reason_and_the_command_that_mends_it_stand_apart() -> None:
    assert skip_table.split("no Chromium here: `invoke setup --tests`") == ("no Chromium here", "invoke setup --tests")
    assert skip_table.split("the lab needs bird: run `invoke setup`") == ("the lab needs bird", "invoke setup")
    assert skip_table.split("the filter is for x86-64") == ("the filter is for x86-64", "")


def test_the_table_has_a_line_a_reason_with_its_number() -> None:
    assert skip_table.lines([], 80) == []
    lines = skip_table.lines(["a kernel without [ipip]", *["no Chromium here: `invoke setup --tests`"] * 12], 80)
    assert all(len(line) <= 80 for line in lines)
    assert lines[-2].split() == ["12", "no", "Chromium", "here", "invoke", "setup", "--tests"]
    assert lines[-1].split() == ["1", "a", "kernel", "without", "[ipip]"]


class _Item:
    """Of a test only its marks and its fixtures."""

    def __init__(self, *marks: str, fixtures: tuple[str, ...] = ()) -> None:
        self.marks = marks
        self.fixturenames = fixtures

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


def test_the_longest_begin_first_and_the_others_stay_in_their_order() -> None:
    pure, lab, other, capsule, built = _Item(), _Item("lab"), _Item(), _Item("lab", "capsule"), _Item("lab", "browser")
    items = [pure, lab, other, capsule, built]
    order.begin_with_the_longest(items)  # type: ignore[arg-type]
    assert items == [capsule, built, lab, pure, other]


def test_one_that_makes_the_site_begins_before_those_that_wait_for_it() -> None:
    own, one, two = _Item("browser"), _Item("browser", fixtures=("project",)), _Item("browser", fixtures=("project",))
    capsule, long = _Item("capsule"), _Item("lab", "long")
    items = [own, one, two, long, capsule]
    order.begin_with_the_longest(items)  # type: ignore[arg-type]
    assert items == [capsule, one, long, own, two]


def test_what_has_one_capsule_or_one_checkout_stays_with_one_worker(request: pytest.FixtureRequest) -> None:
    capsules = [item.nodeid for item in request.session.items if item.get_closest_marker("capsule")]
    assert {order.group(nodeid) for nodeid in capsules} <= {"capsule"}
    assert order.group("tests/test_x.py::test_y") == "tests/test_x.py::test_y"
    steps = [item.nodeid for item in request.session.items if "base" in item.fixturenames and "workflows" in item.nodeid]
    assert {order.group(nodeid) for nodeid in steps} <= {"workflows"}


def test_pytest_s_arguments_stay_as_the_shell_gave_them() -> None:
    assert after_dashes(["invoke", "test"]) == []
    assert after_dashes(["invoke", "test", "--", "-m", "not lab", "--", "x"]) == ["-m", "not lab", "--", "x"]
    words = command(["invoke", "test", "--quick", "--", "-m", "not lab"], quick=True)
    assert words[:3] == [sys.executable, "-m", "pytest"]
    assert words[-3:] == ["--quick", "-m", "not lab"]
