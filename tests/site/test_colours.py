"""Of texts that look alike one is looked at, and each that looks otherwise is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from experiments.site import browser as checks
from experiments.site.static_host import served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here: `invoke setup --tests`"),
]

GOOD = "<p>to be read</p>"
FAINT = '<p style="color:#999">faint</p>'
LINKS = """<style>a { text-decoration: none; color: #00c }</style>
<p><a href="a.html">alone</a></p><p style="color:#008">words beside <a href="a.html">a link</a></p>"""
ON_DARK_GREY = '<div style="background:#333"><p>to be read</p></div>'
DARK_ONLY = """<style>[data-md-color-scheme=slate] { background: #000; color: #fff }
[data-md-color-scheme=slate] p { color: #222 }</style><p>of the dark palette</p>"""


def found(folder: Path, browser: Browser, *bodies: str) -> list[str]:
    names = []
    for number, body in enumerate(bodies):
        names.append(f"{number}.html")
        (folder / names[-1]).write_text(
            '<!doctype html><html lang="en"><head><title>x</title><link rel="icon" href="data:,"></head>'
            f'<body data-md-color-scheme="default"><main><h1>Heading</h1>{body}</main></body></html>')
    with served(folder) as address:
        return [line for line in checks.wrong(browser, names, address) if "who prefers" not in line]


def test_what_can_be_read_is_passed(tmp_path: Path, browser: Browser) -> None:
    assert found(tmp_path, browser, GOOD) == []


def test_a_kind_on_a_later_page_is_looked_at_and_a_known_one_is_not_again(tmp_path: Path, browser: Browser) -> None:
    lines = found(tmp_path, browser, GOOD, GOOD + FAINT, FAINT)
    assert [line.partition(":")[0] for line in lines] == ["1.html", "1.html"]
    assert all("faint" in line for line in lines)
    assert ["(light)" in line for line in lines] == [True, False] and "(dark)" in lines[1]


@pytest.mark.parametrize("other", [ON_DARK_GREY, DARK_ONLY], ids=["what is behind it", "the palette"])
def test_the_same_words_that_look_otherwise_are_looked_at(other: str, tmp_path: Path, browser: Browser) -> None:
    assert any("1.html: color-contrast" in line for line in found(tmp_path, browser, GOOD, GOOD + other))


def test_a_link_in_text_is_another_kind_than_one_alone(tmp_path: Path, browser: Browser) -> None:
    assert any("link-in-text-block" in line for line in found(tmp_path, browser, LINKS))
