"""``invoke clean``: what labs left behind."""

from __future__ import annotations

from experiments.cli.progress import console
from experiments.errors import ExperimentFailed, UserError
from experiments.labs import containerlab, leftovers


def run_clean() -> None:
    """Remove the labs with containers whose runner was killed. The embedded lab never leaves anything.

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
        try:
            containerlab.remove(name)
            console.print(f"removed: containerlab lab {name}", markup=False)
        except ExperimentFailed as failure:
            failed += 1
            console.print(f"error: {failure}", markup=False)
    if failed:
        raise UserError(f"{failed} of {len(names)} labs could not be removed.", "Start Docker, then run `invoke clean` again.")
