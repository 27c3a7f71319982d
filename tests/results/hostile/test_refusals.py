"""Every hostile submission is refused for its own reason, every honest one is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.results.validate import Report, validate
from hostile import counters, evidence, files, in_turn, method, numbers, privacy, resources, round_trips, slices
from hostile.submission import HONEST, Case, Submission

TABLES = {"files": files.CASES, "privacy": privacy.CASES, "resources": resources.CASES, "numbers": numbers.CASES,
          "method": method.CASES, "evidence": evidence.CASES, "slices": slices.CASES,
          "round trips": round_trips.CASES, "in turn": in_turn.CASES, "counters": counters.CASES}
CASES = [pytest.param(case, id=f"{kind}: {case.name}") for kind, cases in TABLES.items() for case in cases]


def checked(submission: Submission, *, base: bool = False) -> Report:
    return validate(submission.data, base="main" if base else None, own_name=False)


@pytest.mark.parametrize("honest", HONEST)
def test_an_honest_submission_is_accepted(tmp_path: Path, honest: str) -> None:
    report = checked(Submission(tmp_path, honest))
    assert [str(message) for message in (*report.errors, *report.warnings)] == []


@pytest.mark.parametrize("honest", HONEST)
def test_what_is_computed_again_and_written_again_is_accepted(tmp_path: Path, honest: str) -> None:
    submission = Submission(tmp_path, honest)
    submission.rename("2026-11-26-other")
    submission.reckon()
    submission.write()
    assert checked(submission).errors == []


@pytest.mark.parametrize("path", ["host-host", "pod-pod"])
def test_of_two_trials_in_turn_one_may_have_failed(tmp_path: Path, path: str) -> None:
    """As a trial is stored whose numbers cannot be right: without any of them, beside one that lasted seconds."""
    submission = Submission(tmp_path, "slices")
    trial = submission.trial(path=path)
    kept = ("id", "view", "path", "phase", "started_at", "streams", "mss", "congestion_control", "noise", "raw")
    blank = {key: trial[key] for key in kept}
    trial.clear()
    trial.update(blank, status="failed", reason="The numbers cannot be right: pair_ratio = 7.5.")
    submission.reckon()
    submission.write()
    assert [str(error) for error in checked(submission).errors] == []


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_submission_is_refused_for_its_own_reason(tmp_path: Path, case: Case) -> None:
    submission = Submission(tmp_path, case.honest)
    if case.base:
        submission.merge()
    case.change(submission)
    submission.write()
    errors = [str(error) for error in checked(submission, base=case.base).errors]
    assert errors, "it is accepted"
    assert any(case.says in error for error in errors), "\n".join(errors[:20])


def test_no_two_cases_have_one_name() -> None:
    for cases in TABLES.values():
        names = [case.name for case in cases]
        assert sorted(set(names)) == sorted(names)
