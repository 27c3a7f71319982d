"""Files of growth and of failures, changed at one place to something extreme: refused at its place, or the pages stand.

The digest is mended after each change. ``PODPATH_FUZZ=20000`` makes so many attempts; the suite makes some.
"""

from __future__ import annotations

import copy
import math
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from dated_file import put
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from experiments import catalog
from experiments.paths import DATA, ROOT
from experiments.results import dated, yamlfile
from experiments.results.failure_model import Failures
from experiments.results.growth_model import Growth
from experiments.results.validate import validate
from experiments.site import failures, growth
from experiments.site.templating import environment
from hostile import mutation

EXAMPLES = int(os.environ.get("PODPATH_FUZZ", "60"))
FUZZ = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
JINJA = environment(ROOT / "docs" / "templates")
MODES = catalog.load()
HUGE = 10**17  # more digits are refused by the reader
GONE = object()
EXTREMES = (
    1e308, -1e308, 5e-324, 1e-300, HUGE, -HUGE, 0, 0.0, -0.0, 1, -1, 1e9, 1e15, math.nan, math.inf, -math.inf, True, False,
    None,
    "", " ", "x" * 20_000, "\x00", "\x1b[31m", "\u202e", "\ud800", "a\nb", "<script>", "{{ 7 * 7 }}", "]]>", "../../x", "nan",
    "1e308", "2026-13-40T99:99:99Z", "calico-bgp", "é" * 300, [], {}, [[]], {"": ""}, ["x"] * 600, GONE,
)

pytestmark = pytest.mark.timeout(0 if "PODPATH_FUZZ" in os.environ else 300)


@cache
def honest(kind: str) -> dict[str, Any]:
    """What a committed file holds, or enough of it: every size of every mode once, every event twice."""
    whole: Any = yamlfile.read(next((DATA / kind).glob("*.yml")))
    if kind == "growth":
        return {**whole, "points": [point for point in whole["points"] if point["n"] == 1]}
    kept: dict[str, list[Any]] = {}
    for incident in whole["incidents"]:
        kept.setdefault(incident["event"], []).append(incident)
    relayed = [one for one in kept["cut"] if one["mode"] == "weave-sleeve"]
    return {**whole, "incidents": [one for own in kept.values() for one in own[:2]] + relayed}


def rendered(kind: str, path: Path) -> None:
    """Make every part of the pages about a file, and its lines of the tables."""
    if kind == "growth":
        grown = [dated.read(path, kind, Growth)]
        assert growth.fragments(JINJA, grown, MODES)
        assert growth.rows(grown)
    else:
        broken = [dated.read(path, kind, Failures)]
        assert failures.fragments(JINJA, broken, MODES)
        assert failures.rows(broken)


def placed(values: dict[str, Any], place: mutation.Place, new: object) -> dict[str, Any]:
    """The values with another one at a place; GONE takes away what is there."""
    changed = copy.deepcopy(values)
    inside = mutation.get(changed, place[:-1])
    if new is GONE:
        del inside[place[-1]]
    else:
        inside[place[-1]] = new
    return changed


@pytest.mark.parametrize("kind", ["growth", "failures"])
def test_what_is_changed_from_is_accepted_and_rendered(tmp_path: Path, kind: str) -> None:
    path = put(tmp_path, kind, honest(kind))
    assert [str(error) for error in validate(path).errors] == []
    rendered(kind, path)


@FUZZ
@given(kind=st.sampled_from(("growth", "failures")), data=st.data())
def test_an_extreme_value_is_refused_at_its_place_or_breaks_no_page(kind: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(list(mutation.leaves(honest(kind)))))
    new = data.draw(st.sampled_from(EXTREMES) | st.floats() | st.integers(-HUGE, HUGE) | st.text(max_size=40))
    note(f"{kind}: {place} = {'gone' if new is GONE else repr(new)[:80]}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = put(Path(folder), kind, placed(honest(kind), place, new), honest(kind)["id"])
        except (UnicodeEncodeError, OverflowError, ValueError, AttributeError):
            return  # such a value has no text that could be a file's
        report = validate(path, own_name=False)
        if report.errors:
            assert all(error.file == path and (error.key or error.line) for error in report.errors), report.errors[:3]
        else:
            rendered(kind, path)
