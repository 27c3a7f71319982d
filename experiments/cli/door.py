"""From the errors of the program to what a person sees: a sentence that says what is wrong, one what to do."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from invoke.exceptions import Exit

from experiments.errors import PodpathError

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def door(body: Callable[..., None]) -> Callable[..., None]:
    """A task's body, with its errors as messages and exit codes. Anything unexpected keeps its traceback."""

    @functools.wraps(body)
    def opened(*arguments: Any, **named: Any) -> None:
        try:
            body(*arguments, **named)
        except PodpathError as error:
            raise Exit(f"{error.problem}\n{error.advice}".rstrip(), code=error.exit_code) from None
        except KeyboardInterrupt:
            raise Exit("Interrupted; what was running has been taken down.", code=INTERRUPTED) from None

    return opened
