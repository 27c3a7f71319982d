"""Builds the site of a copy of the project, as `mkdocs build` does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from checkout import HALF_COMPILED
from mkdocs.utils.yaml import yaml_load

from experiments.paths import ROOT
from experiments.site import frame
from experiments.site.build import STRICT, variables


def copy_of_project(target: Path) -> Path:
    """What a build reads, without any result."""
    left_out = shutil.ignore_patterns(".git", ".venv", "site", "generated", "local", "campaigns", ".*_cache", "results")
    shutil.copytree(ROOT / "docs", target / "docs", ignore=left_out)
    shutil.copytree(ROOT / "experiments", target / "experiments", ignore=HALF_COMPILED)
    for name in ("mkdocs.yml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, target)
    shutil.copytree(ROOT / "data" / "reported", target / "data" / "reported")
    return target


def small_project(target: Path) -> Path:
    """Two pages with a link, an anchor and an include, under the project's own settings, hook and theme; no notebook."""
    settings = yaml_load((ROOT / "mkdocs.yml").read_text())
    settings["plugins"] = ["search"]
    settings["hooks"] = [str(ROOT / "experiments" / "site" / "hook.py")]
    settings["nav"] = [{"One": "index.md"}, {"Two": "two.md"}]
    settings["not_in_nav"] = "/results/"
    shutil.copytree(ROOT / "docs" / "overrides", target / "docs" / "overrides")
    shutil.copytree(ROOT / "docs" / "assets", target / "docs" / "assets")
    for name, text in {"mkdocs.yml": yaml.safe_dump(settings, allow_unicode=True), "generated/part.md": "A part.\n",
                       "docs/index.md": "# One\n\nSee [the end](two.md#the-end).\n",
                       "docs/two.md": "# Two\n\n--8<-- \"part.md\"\n\n## The end\n",
                       f"docs/results/{frame.NAME}.md": frame.SOURCE, "docs/results/feed.xml": "<feed/>\n"}.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text)
    return target


def built(project: Path, site: str = "site", **more: str) -> subprocess.CompletedProcess[str]:
    """The finished `mkdocs build`, strict."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", *STRICT, str(project / site)], cwd=project,
        capture_output=True, text=True, env={**variables(), **more}, check=False,
    )
