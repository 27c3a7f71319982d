"""What a page can ask another host by is found in its text, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.site import check

FOREIGN = [
    '<script src="https://cdn.invalid/x.js"></script>',
    '<script src="//cdn.invalid/x.js"></script>',
    "<script>let s = document.createElement('script'); s.src = 'https://cdn.invalid/x.js'</script>",
    "<script>fetch('//cdn.invalid/x.js')</script>",
    # as mkdocs-jupyter 0.27 brings MathJax
    '<script data-mathjax="{&quot;url&quot;: &quot;https://cdn.invalid/x.js&quot;}">load(document.currentScript)</script>',
    '<link rel="stylesheet" href="https://cdn.invalid/x.css">',
    '<link rel="preconnect" href="https://cdn.invalid">',
    '<style>@import "https://cdn.invalid/x.css";</style>',
    "<style>body { background: url(//cdn.invalid/x.png) }</style>",
    '<p style="background: url(\'https://cdn.invalid/x.png\')">x</p>',
    '<img src="here.png" srcset="here.png 1x, https://cdn.invalid/x.png 2x">',
    '<video poster="https://cdn.invalid/x.png"></video>',
    '<svg><use xlink:href="https://cdn.invalid/x.svg#a"></use></svg>',
]
HARMLESS = [
    '<a href="https://cdn.invalid/">a link that a reader may follow</a>',
    '<link rel="canonical" href="https://cdn.invalid/page.html">',
    "<script>// a remark\nlet half = 1 // 2\n</script>",
    '<p>https://cdn.invalid/ in the text</p>',
    '<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"></use></svg>',
    '<img src="data:image/png;base64,AAAA" alt="">',
]


def _site(folder: Path, body: str) -> Path:
    (folder / "here.png").write_bytes(b"")
    (folder / "page.html").write_text(f"<!doctype html><title>x</title>{body}")
    return folder


@pytest.mark.parametrize("body", FOREIGN)
def test_a_request_to_another_host_is_found(body: str, tmp_path: Path) -> None:
    found = check.problems(_site(tmp_path, body))
    assert len(found) == 1
    assert found[0].startswith("page.html: ")
    assert "cdn.invalid" in found[0]


@pytest.mark.parametrize("body", HARMLESS)
def test_what_asks_nobody_is_left_alone(body: str, tmp_path: Path) -> None:
    assert check.problems(_site(tmp_path, body)) == []


def test_files_beside_the_pages_are_looked_at_too(tmp_path: Path) -> None:
    site = _site(tmp_path, "")
    (site / "assets").mkdir()
    (site / "assets" / "own.css").write_text("p { background: url(gone.png) } i { background: url(../here.png) }")
    (site / "assets" / "own.js").write_text("fetch('https://cdn.invalid/x')")
    assert check.problems(site) == [
        "assets/own.css: gone.png does not exist", "assets/own.js: a script names https://cdn.invalid/x"]


def test_the_campaigns_own_pages_can_be_left_out(tmp_path: Path) -> None:
    site = _site(tmp_path, '<a href="results/one.html#any">x</a>')
    (site / "results").mkdir()
    (site / "results" / "one.html").write_text('<a href="gone.html">x</a>')
    assert check.problems(site, campaigns=False) == []
    assert len(check.problems(site)) == 2
