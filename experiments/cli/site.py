"""``invoke render``, ``build``, ``serve``, ``check``: the pages."""

from __future__ import annotations

from experiments.cli.progress import console
from experiments.errors import UserError
from experiments.site import build, check, claims, writer


def render_site() -> None:
    """Render data/ into pages.

    Raises:
        UserError: a result file or a mode is broken.
    """
    written = writer.write()
    console.print(f"Rendered {written.files} files: {written.changed} changed, {written.removed} removed.")


def build_site() -> None:
    """Render and build.

    Raises:
        UserError: a result file or a mode is broken.
        ExperimentFailed: MkDocs failed.
    """
    render_site()
    build.build()
    console.print(f"Built: {build.SITE / 'index.html'}", markup=False)


def serve_site(*, port: int = 8000) -> None:
    """Serve on this machine until Ctrl-C."""
    build.serve(port)


def check_site() -> None:
    """Build, then check what MkDocs does not.

    Raises:
        UserError: something was found; it is listed above.
    """
    build_site()
    problems = check.problems(build.SITE)
    for problem in problems:
        console.print(f"error: {problem}", markup=False)
    for line in claims.report(build.ROOT / "docs"):
        console.print(line, markup=False)
    for name, reason in check.not_run():
        console.print(f"{name}: not run, because {reason}", markup=False)
    if problems:
        raise UserError(f"{len(problems)} problems in the built site.", "Each line above names the page.")
    console.print("Links, anchors and assets hold; no page asks another host for anything.")
