"""``invoke clean``: what labs left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from experiments.cli.progress import console
from experiments.errors import PodpathError, UserError
from experiments.labs import leftovers
from experiments.labs.cluster import backend as cluster
from experiments.labs.containerlab import backend as containerlab
from experiments.labs.kind import backend as kind

REMOVE: Mapping[str, Callable[[str], None]] = {"containerlab": containerlab.remove, "kind": kind.remove,
                                                 "cluster": cluster.remove}


def run_clean() -> None:
    """Remove the labs whose runner was killed. The embedded lab never leaves anything.

    Raises:
        UserError: something would not go; it is listed above.
    """
    names = leftovers.abandoned()
    if not names:
        console.print("Nothing to remove. The embedded lab keeps nothing outside its own process tree, and no lab with "
                      "containers was left by a runner that is gone.")
        return
    failed = 0
    for name in names:
        lab = leftovers.noted(name, "lab") or "containerlab"  # what was killed before it had written that down made nothing
        try:
            if lab not in REMOVE:
                raise UserError(f"{leftovers.folder(name)}: this version knows no lab '{lab}'.",
                                "Use the version that made it.")
            REMOVE[lab](name)
            console.print(f"removed: {lab} lab {name}", markup=False)
        except PodpathError as failure:
            failed += 1
            console.print(f"error: {failure}", markup=False)
    if failed:
        raise UserError(f"{failed} of {len(names)} labs could not be removed.", "Start Docker, then run `invoke clean` again.")
