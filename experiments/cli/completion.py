"""The Tab key completes names of modes, where invoke itself knows tasks and options only.

``invoke --print-completion-script bash`` gives the shell what asks ``invoke --complete``. One function of invoke's program
is extended for it, as :mod:`experiments.cli.offered` extends its parser: a task file is read by invoke's own program.
"""

from __future__ import annotations

import shlex
from typing import Any

from invoke import program
from invoke.completion.complete import complete
from invoke.exceptions import Exit

# Where a mode's name may stand: behind these tasks, and behind these options of any task.
TASKS = ("experiment", "fail", "fidelity", "scale", "show")
SEVERAL = ("fail", "fidelity", "scale")  # tasks that take more than one
OPTIONS = ("--for", "--modes", "--like", "--variant-of")


def modes_fit(words: list[str], modes: list[str]) -> bool:
    """Whether a mode's name fits behind the words typed so far, the last of which may be half a name.

    The shell does not tell whether a blank follows the last word, so a whole name may still be the beginning of a longer one.
    """
    before = words[:-1] if words and words[-1] not in (*TASKS, *OPTIONS) else words
    if not before or (words[-1].startswith("-") and words[-1] not in OPTIONS):
        return False
    if before[0] in SEVERAL and set(before[1:]) <= set(modes):
        return True
    return before[-1] in OPTIONS or (before[-1] in TASKS and not set(modes) & set(before))


def _complete(names: Any, core: Any, initial_context: Any, collection: Any, parser: Any) -> Any:
    from experiments import catalog

    words = shlex.split(core.remainder.partition(" ")[2])
    modes = [*catalog.load(), *catalog.variants()]
    if modes_fit(words, modes):
        print("\n".join(modes))
        if words[-1] not in modes:
            raise Exit  # as invoke's own function ends
    return _invokes_own(names, core, initial_context, collection, parser)


_invokes_own = complete
program.complete = _complete  # type: ignore[attr-defined]
