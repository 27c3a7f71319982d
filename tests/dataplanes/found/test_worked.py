"""Whether the process that every packet passes did something since it was last looked at, where nothing was sent meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from experiments.dataplanes.found import kubernetes
from experiments.dataplanes.found.kubernetes import ENOUGH, FoundRecipe
from experiments.labs.base import Completed, Node, Pod

NODE = Node("node1", 1, "172.31.0.1")


class Relay(FoundRecipe):
    """A recipe of which only the relay's process is looked at."""

    daemon, process = "kube-flannel", "flanneld"

    def __init__(self) -> None:
        self.lab: Any = None
        self.pods = tuple(Pod(f"pod{n}", f"node{n}", f"10.244.{n}.2") for n in (1, 2))
        self.worked = {"kube-flannel@node1": 2014}

    def _daemon_place(self, node: Node) -> str:
        return f"kube-flannel@{node.name}"

    def _pid(self, node: Node) -> int:
        return 7


def _looked(monkeypatch: pytest.MonkeyPatch, ticks: Iterator[int]) -> tuple[list[list[str]], dict[str, str]]:
    """The commands that a look takes, and what it finds, by the check's name."""
    typed: list[list[str]] = []

    def run(lab: object, place: str, argv: Sequence[str], **more: object) -> Completed:
        typed.append([place, *argv])
        said = f"7 (flanneld) S {'0 ' * 10}{next(ticks)} 0 0" if argv[0] == "cat" else ""
        return Completed(place, tuple(argv), said, "", 0, 0.0)

    monkeypatch.setattr(kubernetes, "run", run)
    return typed, {check.check: check.observed for check in Relay()._worked_check(NODE)}


def test_it_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    typed, found = _looked(monkeypatch, iter([2015]))
    assert found == {"process": "flanneld", "process.cpu_time": "grew"}
    assert len(typed) == 1


def test_nothing_was_sent_so_something_is(monkeypatch: pytest.MonkeyPatch) -> None:
    typed, found = _looked(monkeypatch, iter([2014, 2019]))
    assert found["process.cpu_time"] == "grew"
    assert typed[1] == ["pod1", *ENOUGH, "10.244.2.2"]


def test_another_process_of_that_number_is_judged_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    typed, found = _looked(monkeypatch, iter([3]))
    assert found["process.cpu_time"] == "grew" and len(typed) == 1


def test_packets_that_pass_elsewhere_are_not_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    _, found = _looked(monkeypatch, iter([2014, 2014]))
    assert found["process.cpu_time"] == "stayed at 2014 ticks"
