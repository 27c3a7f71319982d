"""MkDocs' side: render before each build, so that plain ``mkdocs build`` works too; the modes' pages; repairs of the HTML."""

from __future__ import annotations

import logging
import os
import re
import sys
from itertools import count
from pathlib import Path
from typing import Any

from mkdocs.exceptions import Abort
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from nbconvert.preprocessors import CellExecutionError
from pymdownx.snippets import SnippetMissingError

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from experiments.errors import PodpathError
from experiments.site import edited, frame, mode_pages, notebook_run, search_text, social
from experiments.site.notebook_page import without_baggage
from experiments.site.writer import write  # MkDocs loads this file by its path

UNKNOWN = "1970-01-01"  # a day for MkDocs, which wants one, where git knows none; it is taken out of the sitemap
TABLE = re.compile(r'(<div class="pp-scroll"[^>]*>\s*)?<table>(.*?)</table>', re.S)
SYMPTOMS = re.compile(r"<thead>\s*<tr>\s*<th[^>]*>symptom<")


def on_startup(command: str, dirty: bool) -> None:
    """For who asks for quiet, print nothing but warnings. (MkDocs' own ``--quiet`` keeps ``--strict`` from counting them.)"""
    if "PODPATH_QUIET" in os.environ:
        for handler in logging.getLogger("mkdocs").handlers:
            handler.setLevel(logging.WARNING)


@event_priority(100)  # before the offline plugin, which would ask another host for a shim
def on_config(config: Any) -> None:
    """In a copy for the disk, search runs in a frame instead of a worker; the navigation names every mode."""
    if "PODPATH_OFFLINE" in os.environ:
        config.extra["polyfills"] = ["assets/iframe-worker-shim.js"]
    config.nav = mode_pages.navigation(config.nav, _root(config))


def on_pre_build(config: Any) -> None:
    """Bring the rendered files up to date, unless ``invoke build`` has just done so; say how notebooks are run."""
    os.environ["JUPYTER_CONFIG_DIR"] = str(notebook_run.CONFIGURATION)
    if "PODPATH_RENDERED" not in os.environ:
        write()


def on_files(files: Files, config: Any) -> Files:
    """Add the modes' pages, which stand in the modes' folders."""
    for address, page in mode_pages.pages(_root(config)).items():
        files.append(File.generated(config, address, abs_src_path=str(page)) if isinstance(page, Path)
                     else File.generated(config, address, content=page))
    return files


def on_pre_page(page: Any, config: Any, files: Any) -> Any:
    """Say when a page was changed last, and where it can be: a page that is rendered is not edited."""
    root = _root(config)
    source = edited.source(page.file.src_uri, root)
    page.update_date = (source and edited.last_change(source, root)) or UNKNOWN
    page.edit_url = edited.address(config.repo_url, config.edit_uri, source) if source else None
    return page


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """In commands, the repository's address as the one setting has it; without it the word stays."""
    return markdown.replace("git clone REPOSITORY ", f"git clone {config.repo_url} ") if config.repo_url else markdown


def _root(config: Any) -> Path:
    return Path(config.config_file_path).parent


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Notebooks without their baggage; tables of Markdown that a keyboard can scroll (WCAG 2.1.1); what the search reads."""
    page.meta.setdefault("search", {}).setdefault("boost", search_text.weight(page.file.src_uri))
    if page.file.src_uri.endswith(".py"):
        html = without_baggage(html)
    numbers = count(1)

    def framed(match: re.Match[str]) -> str:
        # With a class the theme puts no frame of its own around it. Rows of symptoms are cards on a phone.
        kind = "pp-table pp-symptoms" if SYMPTOMS.search(match[2]) else "pp-table"
        table = f'<table class="{kind}">{match[2]}</table>'
        if match[1]:
            return match[1] + table
        return f'<div class="pp-scroll" tabindex="0" role="region" aria-label="Table {next(numbers)}">{table}</div>'

    return search_text.prepared(TABLE.sub(framed, html))


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Name the theme's search dialog, as screen readers need it (WCAG 4.1.2) and Material 9.8 does not; draw the picture."""
    if config.site_url:
        about = page.meta.get("description") or config.site_description
        title, about = (page.title, about) if page.file.name != frame.NAME else ("A measured campaign", config.site_description)
        social.draw(title, about, Path(config.site_dir) / social.path_of(page.file.dest_uri))
    return output.replace('data-md-component="search" role="dialog"',
                          'data-md-component="search" role="dialog" aria-label="Search"')


def on_post_template(output: str, template_name: str, config: Any) -> str:
    """Leave out of the sitemap the days that nobody knows."""
    return output.replace(f"<lastmod>{UNKNOWN}</lastmod>", "") if template_name == "sitemap.xml" else output


def on_post_build(config: Any) -> None:
    """Put the campaigns' pages into the built site."""
    frame.fill(Path(config.config_file_path).parent, Path(config.site_dir))
    # Its bytes depend on the zlib that is installed, and whoever reads sitemaps reads the plain one.
    (Path(config.site_dir) / "sitemap.xml.gz").unlink(missing_ok=True)


def on_build_error(error: Exception) -> None:
    """What a person can mend is told without a traceback; MkDocs has named the page and the cause, but not those of data."""
    if isinstance(error, PodpathError):
        raise Abort(str(error)) from None
    if isinstance(error, (SnippetMissingError, CellExecutionError)):
        raise Abort("Aborted: the page cannot be made.") from None
