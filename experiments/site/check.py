"""What MkDocs' strict build does not see: links in raw HTML, anchors, assets, requests to other hosts, broken HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

# Attributes by which a page makes the browser fetch something, without a click of the reader.
FETCHING = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"),
            ("audio", "src"), ("embed", "src"), ("object", "data"), ("use", "href"), ("image", "href"), ("use", "xlink:href"),
            ("image", "xlink:href"), ("input", "src"), ("track", "src"), ("video", "poster"), ("body", "background")}
# Lists of addresses, each followed by what it is for.
LISTING = {("img", "srcset"), ("source", "srcset"), ("link", "imagesrcset")}
# Kinds of <link> that fetch nothing.
PASSIVE = {"canonical", "next", "prev", "alternate"}
# What a style fetches (CSS Values 4, 3.4), and an address in a script: a script that names one can ask for it.
_STYLED = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""")
_NAMED = re.compile(r"""(?:https?:|(?<=["'`]))//[\w-]+(?:\.[\w-]+)+[^\s"'`<>]*""")
# The theme's program holds addresses that it asks for only where a page has a diagram or a repository's name: of what is
# asked for in the end, a browser is the judge (browser.py).
THEME_SCRIPTS = "assets/javascripts/"


@dataclass
class Page:
    """What a page refers to, and the anchors it offers."""

    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)  # foreign addresses in its scripts
    anchors: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag refers to."""
        given = {name: value or "" for name, value in attrs}
        for name in ("id", "name"):
            if name in given and (name == "id" or tag == "a"):
                self.page.anchors.add(given[name])
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        passive = tag == "link" and set(given.get("rel", "").split()) <= PASSIVE
        for wanted, attribute in FETCHING:
            if tag == wanted and attribute in given and not passive:
                self.page.fetched.append(given[attribute])
        for wanted, attribute in LISTING:
            if tag == wanted and attribute in given:
                self.page.fetched += [each.split()[0] for each in given[attribute].split(",") if each.strip()]
        self.page.fetched += _STYLED.findall(given.get("style", ""))
        if tag == "script":
            self.page.named += [found for name, value in given.items() if name != "src" for found in _NAMED.findall(value)]
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """Whatever it was, a script or a style has ended."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Note what a script or a style written into the page refers to."""
        if self._inside == "script":
            self.page.named += _NAMED.findall(data)
        elif self._inside == "style":
            self.page.fetched += _STYLED.findall(data)


def read(path: Path) -> Page:
    """A built page."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.page


def problems(site: Path, *, campaigns: bool = True) -> list[str]:
    """Everything that is wrong with the built site, a sentence each.

    ``campaigns=False`` leaves out the campaigns' own pages: there may be thousands, and one template makes them all.
    """
    pages = {path: read(path) for path in sorted(site.rglob("*.html")) if campaigns or not _of_campaign(site, path)}
    if not pages:
        return [f"{site} has no pages; build it first."]
    return [*(problem for path, page in pages.items() for problem in _of_page(site, path, page, pages)), *_of_assets(site)]


def _of_campaign(site: Path, path: Path) -> bool:
    return path.parent == site / "results" and path.name != "index.html"


def _of_assets(site: Path) -> Iterator[str]:
    """Styles and scripts that stand in files of their own."""
    for path in sorted((site / "assets").rglob("*.css")):
        yield from _of_page(site, path, Page(fetched=_STYLED.findall(path.read_text(encoding="utf-8"))), {})
    for path in sorted((site / "assets").rglob("*.js")):
        if not path.relative_to(site).as_posix().startswith(THEME_SCRIPTS):
            yield from _of_page(site, path, Page(named=_NAMED.findall(path.read_text(encoding="utf-8"))), {})


def _of_page(site: Path, path: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    name = path.relative_to(site)
    for address in page.named:
        yield f"{name}: a script names {address}"
    for address in page.fetched:
        parts = urlsplit(address)
        if parts.netloc:
            yield f"{name}: asks {parts.netloc} for {address}"
        elif parts.scheme != "data" and parts.path and not _target(site, path, parts.path).exists():
            yield f"{name}: {address} does not exist"
    for address in page.links:
        bare, anchor = urldefrag(address)
        parts = urlsplit(bare)
        if parts.scheme or parts.netloc:
            continue
        target = _target(site, path, parts.path) if parts.path else path
        if target.is_dir():
            target /= "index.html"
        if not target.exists():
            yield f"{name}: the link {address} leads nowhere"
        elif anchor and target in pages and unquote(anchor) not in pages[target].anchors and path.name != "404.html":
            yield f"{name}: the link {address} has no such anchor"


def _target(site: Path, page: Path, address: str) -> Path:
    plain = unquote(address)
    # The 404 page is served from anywhere, so MkDocs writes its links from the root.
    return (site / plain.lstrip("/")) if plain.startswith("/") else (page.parent / plain).resolve()


def malformed(site: Path) -> Iterator[str]:
    """Pages that are not valid HTML to a parser that follows the standard (WHATWG HTML, 13.2: parse errors)."""
    from justhtml import JustHTML  # only here: nothing but `invoke check` needs it

    for path in sorted(site.rglob("*.html")):
        for error in JustHTML(path.read_text(encoding="utf-8"), collect_errors=True, sanitize=False).errors:
            yield f"{path.relative_to(site)}:{error.line}: {error.message or error.code}"
