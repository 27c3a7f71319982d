"""From the errors of the program to what a person sees: a sentence that says what is wrong, one what to do.

To be ended by a signal is an interruption like Ctrl-C: labs outside this process's tree have to be taken down first.
"""

from __future__ import annotations

import errno
import functools
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from invoke.exceptions import Exit

from experiments.cli.output import patient
from experiments.errors import ExperimentFailed, PodpathError, UserError

# A checkout that cannot be written, a full disk: what a person can mend, wherever it was met.
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT)
ENDING = (signal.SIGTERM, signal.SIGHUP)
HELP = {"--help", "-h"}  # after a task whose name wants an argument, invoke takes them for that argument


class Ended(KeyboardInterrupt):
    """A signal that ends the program has come."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class _LikeInt(type):
    """Equals ``int``, by which invoke's help knows what to call a value."""

    def __eq__(cls, other: object) -> bool:
        return other is int or other is cls

    def __hash__(cls) -> int:
        return hash(int)


def _number(option: str, default: int) -> int:
    """An option's default, whose type invoke calls with what was typed; what is no number ends with a message."""

    class Number(int, metaclass=_LikeInt):
        def __new__(cls, typed: str | int) -> Number:
            try:
                return super().__new__(cls, typed)
            except ValueError:
                raise Exit(f"--{option} {typed}: that is not a whole number.\nFor example --{option} {default or 1}.",
                           code=UserError.exit_code) from None

    return Number(default)


def _plain(value: Any) -> Any:
    """What was read as a number, as a number like any other: it may be stored."""
    return int(value) if isinstance(type(value), _LikeInt) else value


def _signature(body: Callable[..., None]) -> inspect.Signature:
    """A task's parameters as invoke reads them: numbers are checked while the command line is taken apart."""
    signature = inspect.signature(body)
    checked = [
        parameter.replace(default=_number(name.replace("_", "-"), parameter.default))
        if type(parameter.default) is int else parameter for name, parameter in signature.parameters.items()
    ]
    return signature.replace(parameters=checked)


def door(body: Callable[..., None]) -> Callable[..., None]:
    """A task's body, with its errors as messages and exit codes. Anything unexpected keeps its traceback."""

    @functools.wraps(body)
    def opened(*arguments: Any, **named: Any) -> None:
        if HELP & {value for value in named.values() if isinstance(value, str)}:
            _help(body)
        try:
            with _ended_in_order(), patient() as output:
                body(*arguments, **{name: _plain(value) for name, value in named.items()})
        except PodpathError as error:
            raise Exit(_sentences(error, error.problem, error.advice), code=error.exit_code) from None
        except OSError as error:
            if error.errno not in UNWRITABLE or error.filename is None:
                raise
            said = f"{error.filename}: {error.strerror}. Podpath writes there."
            raise Exit(_sentences(error, said, "Make room, or allow it, then do it again."),
                       code=ExperimentFailed.exit_code) from None
        except KeyboardInterrupt as interruption:
            number = interruption.number if isinstance(interruption, Ended) else signal.SIGINT
            # As shells have it; a second interruption while things are taken down is not held back.
            said = _sentences(interruption, "Interrupted; what was running has been taken down.")
            raise Exit(said, code=128 + number) from None
        # A reader who has gone had enough. That a file or a terminal did not take what was said is an error, the last one.
        if output.failure is not None and not isinstance(output.failure, BrokenPipeError):
            raise Exit(f"Standard output could not be written: {output.failure.strerror}. The command itself has ended well.\n"
                       "Make room there; what is stored can be shown again with `invoke show`.", code=1)

    opened.__signature__ = _signature(body)  # type: ignore[attr-defined]
    return opened


def _help(body: Callable[..., None]) -> None:
    """Become `invoke --help TASK`."""
    name = body.__name__.rstrip("_").replace("_", "-")
    os.execv(sys.executable, [sys.executable, "-m", "invoke", "--help", name])


def _sentences(error: BaseException, *sentences: str) -> str:
    """What is wrong and what to do, a line each; with what was noted on the error's way (``BaseException.add_note``)."""
    return "\n".join(sentence for sentence in (*sentences, *getattr(error, "__notes__", ())) if sentence)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Signals that end the program raise :class:`Ended` meanwhile; one that is ignored (``nohup``) stays so."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Ended(number)

    ours = [number for number in ENDING if signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
