"""The build is strict: each kind of mistake ends it, and the message names the file and what is wrong in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_site import built, small_project

from experiments.site import check

MISTAKES = {
    "a dead link": ("docs/index.md", "(two.md#the-end)", "(gone.md)", ["index.md", "gone.md"]),
    "an anchor that is not there": ("docs/index.md", "#the-end", "#the-beginning", ["index.md", "two.md", "#the-beginning"]),
    "an entry of the navigation without a page": ("mkdocs.yml", "One: index.md", "One: three.md", ["three.md", "nav"]),
    "a page without an entry in the navigation": ("mkdocs.yml", "- Two: two.md", "", ["two.md", "nav"]),
    "an include that is not there": ("docs/two.md", "part.md", "no-part.md", ["two.md", "no-part.md"]),
    "a picture that is not there": ("docs/index.md", "# One\n", "# One\n\n![x](gone.png)\n", ["index.md", "gone.png"]),
}


def _changed(project: Path, file: str, old: str, new: str) -> None:
    text = (project / file).read_text()
    assert old in text
    (project / file).write_text(text.replace(old, new))


def test_without_a_mistake_nothing_is_said(tmp_path: Path) -> None:
    project = small_project(tmp_path / "a project")
    done = built(project, PODPATH_RENDERED="1")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert "A part." in (project / "site" / "two.html").read_text()
    assert check.problems(project / "site") == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_ends_the_build_and_is_named(mistake: str, tmp_path: Path) -> None:
    project = small_project(tmp_path / "project")
    file, old, new, named = MISTAKES[mistake]
    _changed(project, file, old, new)
    done = built(project, PODPATH_RENDERED="1")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert [word for word in named if word not in said] == []
    assert "Traceback" not in said


def test_what_the_build_cannot_see_in_raw_html_is_found_in_the_site(tmp_path: Path) -> None:
    project = small_project(tmp_path / "project")
    _changed(project, "docs/index.md", "# One\n", '# One\n\n<p><a href="gone.html">x</a><a href="two.html#no">y</a></p>\n')
    assert built(project, PODPATH_RENDERED="1").returncode == 0
    assert check.problems(project / "site") == [
        "index.html: the link gone.html leads nowhere", "index.html: the link two.html#no has no such anchor"]
