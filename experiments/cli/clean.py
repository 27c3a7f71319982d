"""``invoke clean``: what labs left behind."""

from __future__ import annotations

from experiments.cli.progress import console
from experiments.errors import PodpathError, UserError
from experiments.labs import leftovers, table


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
        lab = leftovers.noted(name, "lab")
        try:
            if not lab:  # what was killed before it had written that down made nothing
                leftovers.end(name)
            elif lab not in table.LABS:
                raise UserError(f"{leftovers.folder(name)}: this version knows no lab '{lab}'.",
                                "Use the version that made it.")
            else:
                table.LABS[lab].remove(name)
            console.print(f"removed: {lab or 'unfinished'} lab {name}", markup=False)
        except PodpathError as failure:
            failed += 1
            console.print(f"error: {failure}", markup=False)
    if failed:
        raise UserError(f"{failed} of {len(names)} labs could not be removed.", "Start Docker, then run `invoke clean` again.")
