"""``invoke render``, ``build``, ``serve``, ``check``: the pages."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.cli.progress import console
from experiments.errors import UserError
from experiments.paths import MODES
from experiments.site import browser, build, check, claims, writer


def render_site() -> None:
    """Render data/ into pages.

    Raises:
        UserError: a result file or a mode is broken.
    """
    written = writer.write()
    console.print(f"Rendered {written.files} files: {written.changed} changed, {written.removed} removed.")


def build_site(*, offline: bool = False) -> None:
    """Render and build, and look at the links that MkDocs does not; ``offline`` puts a copy to carry away into the site.

    Raises:
        UserError: a result file or a mode is broken, or a link in the built site; it is listed above.
        ExperimentFailed: MkDocs failed or warned.
    """
    _build(offline=offline)
    _refuse(check.problems(build.SITE, campaigns=False))
    console.print(f"Built: {build.SITE / 'index.html'}", markup=False)
    if offline:
        console.print(f"To carry away: {build.SITE / build.OFFLINE_COPY}", markup=False)


def serve_site(*, port: str = "8000") -> None:
    """Serve on this machine until Ctrl-C.

    Raises:
        UserError: the port is none, or is taken.
    """
    if not (port.isdecimal() and 1 <= int(port) <= build.HIGHEST_PORT):
        raise UserError(f"--port {port}: a port is a number from 1 to {build.HIGHEST_PORT}.", "For example: --port 8001")
    build.serve(int(port))


def check_site() -> None:
    """Build, then check what MkDocs does not.

    Raises:
        UserError: something was found; it is listed above.
    """
    _build()
    problems = [*check.problems(build.SITE), *check.malformed(build.SITE)]
    missing = browser.missing()
    if not missing:
        console.print("In a browser: accessibility in both palettes, 320 pixels, no scripts, no other host …")
        problems += browser.problems(build.SITE)
    for line in claims.report(MODES):
        console.print(line, markup=False)
    if missing:
        console.print(f"accessibility, width, scripts off: not run, because {missing}", markup=False)
    _refuse(problems)
    console.print("Links, anchors and assets hold; the HTML is valid; no page asks another host for anything.")


def _build(*, offline: bool = False) -> None:
    render_site()
    build.build(offline=offline)


def _refuse(problems: Sequence[str]) -> None:
    for problem in problems:
        console.print(f"error: {problem}", markup=False)
    if problems:
        count = f"{len(problems)} problems" if len(problems) > 1 else "One problem"
        raise UserError(f"{count} in the built site.", "Each line above names the page.")
