"""Honest submissions, changed at one place: refused, or every figure on the pages is as it was; and never a traceback.

Digests, checksums and what is computed are mended after each change, as by somebody who knows the format. In a second round
the trial's figures are read anew from the changed output as well: then only latency can differ, whose percentiles sockperf
prints once. That is the plausible lie of docs/method/trust.md. Of slices the tally of round trips stands in one of two outputs
and the pairs in both, so only what comes from the tally can differ, and a link's goodput by one sample of its counters.

``PODPATH_FUZZ=20000`` makes so many attempts; the suite makes a few.
"""

from __future__ import annotations

import copy
import os
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from experiments import catalog
from experiments.errors import PodpathError
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.standing import Standing
from experiments.results.store import Stored
from experiments.results.validate import Report, validate
from experiments.site import campaign_pages, entries
from experiments.site.templating import environment
from hostile import forgery, mutation
from hostile.submission import Submission

EXAMPLES = int(os.environ.get("PODPATH_FUZZ", "15"))
HONEST = st.sampled_from(("sample", "quick", "relay", "slices", "slices"))
PLAUSIBLE = {"slices": {"latency", "setup", "link"}}  # else latency
FUZZ = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

pytestmark = pytest.mark.timeout(0 if "PODPATH_FUZZ" in os.environ else 300)

_NUMBER = re.compile(r'<td class="pp-number"[^>]*>(.*?)</td>', re.S)
_TAG = re.compile(r"<[^>]+>")


def figures(folder: Path) -> dict[str, list[str]]:
    """Every figure of the campaign's own pages, and of its ratios on the pages of modes, by the view that it belongs to."""
    stored = Stored(folder, *store.read_campaign(folder))
    modes = {**catalog.load(), **catalog.variants()}
    card = campaign_pages.card(modes, stored, Standing(), local=False)
    found: dict[str, list[str]] = {}
    for result in stored.results:
        for row in entries.rows(modes[result.mode], stored, result):
            found.setdefault(row.view, []).extend([row.shown, row.range, row.baseline, row.ratio, row.limit])
    for one in card.results:
        for ratio in one.ratios:
            found.setdefault(ratio.view, []).append(f"{ratio.median:.3f} {ratio.low:.3f} {ratio.high:.3f}")
    for name, page in campaign_pages.pages(environment(ROOT / "docs" / "templates"), modes, stored, card, Standing()).items():
        if name == stored.campaign.id:
            continue
        for line in page["body"].splitlines():
            cells = [_TAG.sub("", cell) for cell in _NUMBER.findall(line)]
            view = re.search(r'<tr id="[^"]*-(wire|link|speed|cost|latency|setup)', line)
            if view:
                found.setdefault(view[1], []).extend(cells[:2])  # the figure and the retransmits; behind them stands the tool
    return found


@cache
def honest_figures(honest: str) -> dict[str, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        return figures(Submission(Path(folder), honest).folder)


def differing(submission: Submission, honest: str) -> set[str]:
    """The views in which a figure on a page is another one than in the honest submission."""
    now, before = figures(submission.folder), honest_figures(honest)
    return {view for view in now.keys() | before.keys() if now.get(view) != before.get(view)}


def judged(submission: Submission) -> Report:
    return validate(submission.data, own_name=False)


def mended(submission: Submission, *, trial: Any = None) -> bool:
    """Mend what follows from a change; whether that could be done at all."""
    try:
        if trial is not None:
            before = trial.get("goodput_bps")
            forgery.reread(submission, trial)
            if trial.get("goodput_bps") != before:  # else what follows is as it was, to the last digit
                forgery.follow(trial)
        submission.reckon()
        submission.write()
    except (PodpathError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        # What can no longer be computed is written as it is: it has to be refused, not to be mended.
        try:
            submission.write()
        except (TypeError, ValueError, AttributeError):
            return False
    except Exception as error:
        if type(error).__name__ != "Misfit":
            raise
        submission.write()
    return True


@FUZZ
@given(honest=HONEST, whole=st.sampled_from(("campaign", "mode", "mode", "mode")), data=st.data())
def test_one_value_that_was_changed_is_found_or_changes_no_figure(honest: str, whole: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        submission = Submission(Path(folder), honest)
        place, said, change = data.draw(mutation.changes(getattr(submission, whole)))
        note(f"{honest}, {whole}: {place} {said}")
        change(getattr(submission, whole))
        if mended(submission):
            report = judged(submission)
            assert report.errors or report.warnings or differing(submission, honest) == set()


@FUZZ
@given(honest=HONEST, number=st.integers(0, 20), data=st.data())
def test_one_value_of_a_raw_output_that_was_changed_is_found_or_changes_no_figure(
    honest: str, number: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        submission = Submission(Path(folder), honest)
        trial, content = mutation.raw_of(submission, number)
        place, said, change = data.draw(mutation.changes(content))
        note(f"{honest}, {trial['id']}: {place} {said}")
        content = copy.deepcopy(content)
        change(content)
        submission.set_raw(trial, content)
        mended(submission)
        report = judged(submission)
        assert report.errors or report.warnings or differing(submission, honest) == set()


@FUZZ
@given(honest=HONEST, number=st.integers(0, 20), data=st.data())
def test_a_raw_output_that_was_changed_and_read_anew_changes_latency_at_most(
    honest: str, number: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        submission = Submission(Path(folder), honest)
        trial, content = mutation.raw_of(submission, number)
        if content.keys() == {"tool", "output"}:
            line, text = data.draw(mutation.text_changes(content["output"]))
            note(f"{honest}, {trial['id']}: {line}")
            content = {**content, "output": text}
        else:
            place, said, change = data.draw(mutation.changes(content))
            note(f"{honest}, {trial['id']}: {place} {said}")
            content = copy.deepcopy(content)
            change(content)
        submission.set_raw(trial, content)
        mended(submission, trial=trial)
        report = judged(submission)
        assert report.errors or report.warnings or differing(submission, honest) <= PLAUSIBLE.get(honest, {"latency"})


@FUZZ
@given(honest=HONEST, name=st.sampled_from(("campaign.yml", "mode")), data=st.data())
def test_a_changed_text_is_found_or_changes_nothing(honest: str, name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        submission = Submission(Path(folder), honest)
        path = submission.folder / (name if name == "campaign.yml" else submission.mode_name)
        said, text = data.draw(mutation.text_changes(path.read_text()))
        note(f"{honest}, {path.name}: {said}")
        path.write_text(text)
        report = judged(submission)
        assert report.errors or report.warnings or differing(submission, honest) == set()
