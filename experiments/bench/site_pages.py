"""What Lighthouse says of one page of each kind, served from this machine with texts compressed, as static hosts do.

Lighthouse's performance score is made of a simulated slow telephone; it varies by a few points and suffers from a busy machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator

from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.paths import ROOT
from experiments.site import browser
from experiments.site.static_host import served

SITE = ROOT / "site"
VERSION = "12.8.2"
# One of each kind: what the pattern finds first.
KINDS = ("index.html", "choose.html", "compare.html", "modes/*.html", "notebooks/*.html", "glossary.html", "method/format.html",
         "results/index.html", "results/20*[0-9].html", "results/20*.*.html")
CATEGORIES = {"performance": 95, "accessibility": 100, "best-practices": 100}
AIM = " · ".join(f"{name} {aim}" for name, aim in CATEGORIES.items())
LIMIT_S = 180


def figures() -> Iterator[BenchFigure | NotRun]:
    """Scores out of 100, page by page, in the order of ``CATEGORIES``."""
    program, chromium = shutil.which("lighthouse"), shutil.which("chromium")
    if program is None or chromium is None:
        yield NotRun("Lighthouse", f"it is not installed: `npm install --global lighthouse@{VERSION}`" if program is None
                     else "Chromium is not installed: `invoke setup --tests`")
        return
    pages = [found.relative_to(SITE).as_posix() for kind in KINDS for found in sorted(SITE.glob(kind))[:1]]
    if not pages:
        yield NotRun("Lighthouse", "the site is not built: `invoke build`")
        return
    with served(SITE) as address:
        for page in pages:
            done = subprocess.run(
                [program, f"{address}/{page}", "--quiet", "--no-enable-error-reporting", "--output=json",
                 f"--only-categories={','.join(CATEGORIES)}",
                 f"--chrome-flags={' '.join(['--headless', *browser.ARGUMENTS])}"],
                env={**os.environ, "CHROME_PATH": chromium}, capture_output=True, text=True, timeout=LIMIT_S, check=False)
            if done.returncode != 0:
                yield NotRun(page, f"Lighthouse ended with {done.returncode}: {done.stderr.strip()[-200:]}")
                continue
            found = json.loads(done.stdout)["categories"]
            yield BenchFigure(page, " · ".join(str(round(100 * found[name]["score"])) for name in CATEGORIES), AIM)
