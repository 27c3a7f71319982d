"""``invoke clean``: what labs left behind."""

from __future__ import annotations

from experiments.cli.progress import console


def run_clean() -> None:
    """Say what there is to remove: nothing, for the embedded lab lives and dies with its runner."""
    console.print("Nothing to remove: the embedded lab keeps nothing outside its own process tree, and the kernel "
                  "removes that with the runner.")
