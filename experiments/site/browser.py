"""What only a browser sees: where requests go, accessibility in both palettes, what a narrow screen cuts off, no scripts.

All is looked at in one visit: to open a page costs about as much as what is asked of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments.site import colours
from experiments.site.colours import SCHEMES
from experiments.site.static_host import served

# Of our own content: text in a box that hides what is wider, and words of a drawing that reach beyond its edge.
CUT_OFF = """() => {
  const found = [];
  for (const box of document.querySelectorAll(".md-content *")) {
    if (box.closest("svg, .headerlink, [hidden]") || !["hidden", "clip"].includes(getComputedStyle(box).overflowX)) continue;
    if (box.clientWidth > 1 && box.scrollWidth > box.clientWidth + 1 && box.innerText && box.innerText.trim()) {
      found.push(box.className + ": " + box.innerText.trim().slice(0, 60));
    }
  }
  for (const words of document.querySelectorAll(".md-content figure svg text")) {
    const inside = words.getBoundingClientRect(), whole = words.ownerSVGElement.getBoundingClientRect();
    if (inside.width && (inside.left < whole.left - 2 || inside.right > whole.right + 2)) {
      found.push("drawing: " + words.textContent.trim().slice(0, 60));
    }
  }
  return found.slice(0, 5);
}"""
WIDTHS_PX = (320, 768, 1280)  # the first by WCAG 2.2, 1.4.10: reflow
HEIGHT_PX = 800
# Chromium's own conversations with its maker, and the sandbox that a container has no rights for.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]
# Where every name but this machine's leads: a page's requests are seen, and those to other hosts go nowhere.
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
# All rules but one: the theme gives every code block a nav without a name, a best practice of axe's, not a failure of WCAG.
# What passed is not asked for: it would describe every element of every page.
AXE_OPTIONS: dict[str, Any] = {"rules": {"landmark-unique": {"enabled": False}}, "resultTypes": ["violations"]}
# The rules that look at colours are asked apart, in both palettes; all others see the same page in both.
OTHER_OPTIONS: dict[str, Any] = {
    **AXE_OPTIONS, "rules": AXE_OPTIONS["rules"] | {name: {"enabled": False} for name in colours.RULES}}
STILL = "* { transition: none !important; animation: none !important; }"  # what moves is in between


def missing() -> str:
    """Why no browser can be used here; empty if one can."""
    if shutil.which("chromium") is None:
        return "Chromium is not installed: `invoke setup --tests`"
    if find_spec("playwright") is None or find_spec("axe_playwright_python") is None:
        return "playwright or axe is not installed: `pip install -r requirements.lock`"
    return ""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of Debian's, driven by playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*ARGUMENTS, NOWHERE])
        try:
            yield launched
        finally:
            launched.close()


def pages(site: Path) -> list[str]:
    """The pages, but the one for what is not there: it is served from any depth."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html") if path.name != "404.html")


def problems(site: Path) -> list[str]:
    """Everything that is wrong with a site's pages, a sentence each."""
    with served(site) as address, chromium() as browser:
        return list(wrong(browser, pages(site), address))


def wrong(browser: Any, names: Sequence[str], address: str) -> Iterator[str]:
    """What is wrong with these pages of the site at ``address``, a sentence each."""
    # A context for each palette: the theme keeps in one what it has begun with, whatever is preferred later.
    contexts = [browser.new_context(color_scheme=scheme) for scheme in SCHEMES]
    contexts.append(browser.new_context(java_script_enabled=False))
    light, dark, plain = (context.new_page() for context in contexts)
    asked = _Requests(light, address)
    folders: set[str] = set()  # of pages that are made alike
    kinds: set[str] = set()  # of text
    for name in names:
        asked.wrong.clear()
        light.set_viewport_size({"width": WIDTHS_PX[-1], "height": HEIGHT_PX})
        light.goto(f"{address}/{name}", wait_until="networkidle")
        light.add_style_tag(content=STILL)
        found = [*_too_wide(light), *_preferred(light, "light"), *_violations(light, kinds), *asked.wrong]
        if (folder := name.rpartition("/")[0]) not in folders:
            folders.add(folder)
            dark.goto(f"{address}/{name}")
            found += _preferred(dark, "dark")
        yield from (f"{name}: {line}" for line in found)
        plain.goto(f"{address}/{name}", wait_until="domcontentloaded")
        if not plain.locator("h1").first.is_visible():
            yield f"{name}: shows no heading without JavaScript"
    for context in contexts:
        context.close()


def wrong_requests(browser: Any, names: Sequence[str], address: str) -> Iterator[str]:
    """Of these pages, those that ask another host for something, or this one for what it does not have."""
    page = browser.new_page()
    asked = _Requests(page, address)
    for name in names:
        asked.wrong.clear()
        page.goto(f"{address}/{name}", wait_until="networkidle")
        yield from (f"{name}: {line}" for line in asked.wrong)
    page.close()


class _Requests:
    """What a page asks another host for, or this one though it is not there, in sentences."""

    def __init__(self, page: Any, address: str) -> None:
        self.wrong: list[str] = []
        self.own = (f"{address}/", "data:", "blob:")
        page.on("request", self._asked)
        page.on("response", self._answered)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(self.own):
            self.wrong.append(f"asks for {request.url}")

    def _answered(self, response: Any) -> None:
        if response.status >= HTTPStatus.BAD_REQUEST:
            self.wrong.append(f"asks for {response.url}, which is not there ({response.status})")


def _preferred(page: Any, scheme: str) -> Iterator[str]:
    """Whether a page shows the palette that its visitor prefers, if it has palettes."""
    shown = page.evaluate("document.body.dataset.mdColorScheme")
    if shown not in (None, SCHEMES[scheme]):
        yield f"shows the palette {shown} to who prefers {scheme} colours"


def _violations(page: Any, kinds: set[str]) -> Iterator[str]:
    """What axe-core finds, of colours in each palette; ``kinds`` of text were looked at before, and the page's are added."""
    from axe_playwright_python.sync_playwright import Axe

    found = [("light", one) for one in Axe().run(page, options=OTHER_OPTIONS).response["violations"]]
    for scheme, one in (*found, *colours.violations(page, kinds)):
        yield f"{one['id']} ({scheme}): {one['nodes'][0]['html'][:120]}"


def _too_wide(page: Any) -> Iterator[str]:
    """Whether the page scrolls sideways on a screen of any width, and the words that are cut off there."""
    for width in WIDTHS_PX:
        page.set_viewport_size({"width": width, "height": HEIGHT_PX})
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            yield f"{needed} pixels wide on a screen of {width}"
        yield from (f"on a screen of {width} pixels this is cut off: {words}" for words in page.evaluate(CUT_OFF))
