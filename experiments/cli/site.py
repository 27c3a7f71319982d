"""``invoke render``, ``build``, ``serve``, ``check``: the pages."""

from __future__ import annotations

from experiments.cli.progress import console
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.site import browser, build, check, claims, writer


def render_site() -> None:
    """Render data/ into pages.

    Raises:
        UserError: a result file or a mode is broken.
    """
    written = writer.write()
    console.print(f"Rendered {written.files} files: {written.changed} changed, {written.removed} removed.")


def build_site(*, offline: bool = False) -> None:
    """Render and build; ``offline`` puts a copy to carry away into the site.

    Raises:
        UserError: a result file or a mode is broken.
        ExperimentFailed: MkDocs failed.
    """
    render_site()
    build.build(offline=offline)
    console.print(f"Built: {build.SITE / 'index.html'}", markup=False)
    if offline:
        console.print(f"To carry away: {build.SITE / build.OFFLINE_COPY}", markup=False)


def serve_site(*, port: int = 8000) -> None:
    """Serve on this machine until Ctrl-C."""
    build.serve(port)


def check_site() -> None:
    """Build, then check what MkDocs does not.

    Raises:
        UserError: something was found; it is listed above.
    """
    build_site()
    problems = [*check.problems(build.SITE), *check.malformed(build.SITE)]
    missing = browser.missing()
    if not missing:
        console.print("In a browser: accessibility in both palettes, 320 pixels, no scripts, no other host …")
        problems += browser.problems(build.SITE)
    for problem in problems:
        console.print(f"error: {problem}", markup=False)
    for line in claims.report(ROOT / "docs"):
        console.print(line, markup=False)
    if missing:
        console.print(f"accessibility, width, scripts off: not run, because {missing}", markup=False)
    if problems:
        raise UserError(f"{len(problems)} problems in the built site.", "Each line above names the page.")
    console.print("Links, anchors and assets hold; the HTML is valid; no page asks another host for anything.")
