"""Positional arguments that may be left out: ``invoke show``, ``invoke show A``, ``invoke show A B``.

Where the task is one of :class:`OfferingMany`, its one positional argument takes all words that stand there.

Invoke 3 knows only positional arguments that must be given. One that is :class:`Offered` takes what stands there, unless that
is the name of a task, and is empty text if nothing does. Two methods of Invoke's parser are extended for it, because a task
file is read by Invoke's own program and cannot bring a parser with it.
"""

from __future__ import annotations

from typing import Any

from invoke.parser.argument import Argument
from invoke.parser.parser import ParseMachine
from invoke.tasks import Task


class Offered(Argument):
    """A positional argument that need not be given."""


class OfferedMany(Offered):
    """A positional argument of any number of words; its value is these words with blanks between them."""

    ended = False

    @property
    def value(self) -> Any:
        """None as long as there may be another word: then the parser asks for one."""
        return (self._value or "") if self.ended else None

    @value.setter
    def value(self, word: str) -> None:
        self._value = f"{self._value} {word}" if self._value else word


class Offering(Task[Any]):
    """A task whose positional arguments are offered; each has None for its default, which the body never sees."""

    kind: type[Offered] = Offered

    def get_arguments(self, *arguments: Any, **named: Any) -> list[Argument]:
        """The arguments as Invoke makes them, the positional ones as offered ones."""
        found = super().get_arguments(*arguments, **named)
        return [self.kind(names=arg.names, kind=str, help=arg.help, positional=True, attr_name=arg.attr_name)
                if arg.positional else arg for arg in found]


class OfferingMany(Offering):
    """A task whose positional argument takes all words behind it, until another task's name or an option of invoke's."""

    kind = OfferedMany


def _left_out(parser: Any) -> list[Offered]:
    missing = parser.context.missing_positional_args if parser.context else []
    return [arg for arg in missing if isinstance(arg, Offered)]


def _see_positional_arg(self: Any, value: Any) -> None:
    if value in self.contexts and _left_out(self) == self.context.missing_positional_args:
        self.see_context(value)
    elif value.startswith("-") and all(isinstance(arg, OfferedMany) for arg in _left_out(self)) and _left_out(self):
        _end(_left_out(self))
        self.handle(value)  # an option of invoke's own, as --help; or none, which it says
    else:
        _see(self, value)


def _complete_context(self: Any) -> None:
    _end(_left_out(self))
    _complete(self)


def _end(arguments: list[Offered]) -> None:
    """There is nothing more for them."""
    for arg in arguments:
        if isinstance(arg, OfferedMany):
            arg.ended = True
        else:
            arg.set_value("")


_see, _complete = ParseMachine.see_positional_arg, ParseMachine.complete_context
ParseMachine.see_positional_arg = _see_positional_arg  # type: ignore[method-assign]
ParseMachine.complete_context = _complete_context  # type: ignore[method-assign]
