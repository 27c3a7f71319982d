"""The frame of a campaign's page: MkDocs builds one empty page, and each campaign's body is put into a copy of it.

There may be thousands of campaigns, and MkDocs takes a tenth of a second for a page.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from html import escape
from pathlib import Path

from experiments.site import campaign_build, edited, shelf

# The empty page: its name, and the words in it that stand for what differs.
NAME = "campaign"
TITLE, DESCRIPTION, BODY = "PODPATH-TITLE", "PODPATH-DESCRIPTION", "<p>PODPATH-BODY</p>"
SOURCE = f"""---
title: {TITLE}
description: {DESCRIPTION}
search: {{exclude: true}}
hide: [toc]
---
<h1 hidden></h1>

PODPATH-BODY
"""
_NO_HEADING = "<h1 hidden></h1>"  # keeps the theme from making a heading of the title; the bodies have their own


def fill(root: Path, site: Path) -> None:
    """Write every campaign's pages, tables and files into the built ``site``; the empty page is removed."""
    empty = site / "results" / f"{NAME}.html"
    frame = empty.read_text(encoding="utf-8").replace(_NO_HEADING, "")
    empty.unlink()
    days: dict[str, str] = {}  # when each page's data were committed
    for source in shelf.SOURCES:
        for folder in shelf.folders(root, source):
            made = root / shelf.BELOW / folder.name
            for name, page in json.loads((made / campaign_build.PAGES).read_bytes()).items():
                (site / "results" / f"{name}.html").write_text(_filled(frame, name, page), encoding="utf-8")
                days[name] = edited.last_change((folder / "campaign.yml").relative_to(root).as_posix(), root)
            for kind in ("csv", "json"):
                target = site / "results" / "tables" / f"{folder.name}-trials.{kind}"
                shutil.copyfile(made / f"{campaign_build.TRIALS}.{kind}", target)
            # Links, for a file takes seven times as long to make; and of copies, so that no hand in the site changes a result.
            files = made / campaign_build.FILES
            shutil.copytree(files, site / "results" / folder.name, copy_function=_link, dirs_exist_ok=True)
    _into_sitemap(site, days)


def _link(source: str, target: str) -> None:
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # the site lies on another file system, or on one without links
        shutil.copyfile(source, target)


def _filled(frame: str, name: str, page: Mapping[str, str]) -> str:
    """The frame with one page's own parts; a body is put in last, so that nothing in it is taken for a place."""
    own = (frame.replace(TITLE, escape(page["title"])).replace(DESCRIPTION, escape(page["description"]))
           .replace(f"results/{NAME}.html", f"results/{name}.html"))  # the canonical address
    return own.replace(BODY, page["body"], 1)


def _into_sitemap(site: Path, days: Mapping[str, str]) -> None:
    """Name the campaigns' pages where the empty one stood; a site without an address has no entries."""
    path = site / "sitemap.xml"
    if not path.is_file():
        return
    empty = re.compile(rf"[ \t]*<url>\s*<loc>[^<]*results/{NAME}\.html</loc>.*?</url>\n?", re.S)
    text = empty.sub(lambda match: "".join(_located(match[0], name, day) for name, day in days.items()),
                     path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")


def _located(entry: str, name: str, day: str) -> str:
    """The sitemap's entry of the empty page as that of another, with the day of its last change."""
    dated = f"</loc>\n         <lastmod>{day}</lastmod>" if day else "</loc>"
    return entry.replace(f"results/{NAME}.html", f"results/{name}.html").replace("</loc>", dated)
