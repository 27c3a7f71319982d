"""The two ways in which a command of Podpath can end badly.

Both carry ready sentences: one that says what is wrong (and where), one that says what to do.
"""

from __future__ import annotations

MOST_ECHOED = 40  # characters of what somebody typed

class PodpathError(Exception):
    """Base of all errors that are shown to a person as sentences, never as a traceback."""

    exit_code = 1

    def __init__(self, problem: str, advice: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.problem}\n{self.advice}" if self.advice else self.problem


class UserError(PodpathError):
    """The person can mend it: an unknown mode, a missing tool, a broken file. Exit status 2."""

    exit_code = 2


class ExperimentFailed(PodpathError):
    """The experiment itself failed: a build step, a failed attestation, a hung daemon. Exit status 1."""

    exit_code = 1


def echoed(typed: object) -> str:
    """What was typed, as a message repeats it: a number of 400 digits fills no screen."""
    text = str(typed)
    return text if len(text) <= MOST_ECHOED else f"{text[:MOST_ECHOED]}…"
