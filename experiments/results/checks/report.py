"""Findings, and the files in which they are found."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from experiments.errors import UserError
from experiments.results import migrate, yamlfile
from experiments.results.characters import on_one_line
from experiments.results.checks import structure
from experiments.results.plain import Key, Misfit, digest, from_plain, shown, spelled
from experiments.results.words import counted

T = TypeVar("T")

MOST = 100  # findings of one kind in one file that are told; whoever has more mends these first


@dataclass(frozen=True)
class Message:
    """One finding: where it stands, under which key, what stands there, what is wrong and what is allowed."""

    file: Path
    line: int  # 0: the file as a whole
    key: str
    value: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        what = f"{self.key} = {self.value}: " if self.key and self.value else f"{self.key}: " if self.key else ""
        return on_one_line(f"{place}: {what}{self.text}")


@dataclass
class Report:
    """What was found in how many files. Errors make a file unfit; warnings are for a person to judge."""

    files: int = 0
    errors: list[Message] = field(default_factory=list)
    warnings: list[Message] = field(default_factory=list)
    own_name: bool = True  # whether this machine's name is looked for
    unpacked_bytes: int = 0  # of raw outputs, in the campaign that is being looked at
    _known: set[Message] = field(default_factory=set, repr=False)

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not self.errors

    def add(self, message: Message, *, warning: bool = False) -> None:
        """Note a finding; the same one only once."""
        if message not in self._known:
            self._known.add(message)
            (self.warnings if warning else self.errors).append(message)

    @property
    def counted(self) -> str:
        """How much was found: ``0 errors, 1 warning in 3 files``."""
        counts = ((len(self.errors), "error"), (len(self.warnings), "warning"))
        return f"{', '.join(counted(*count) for count in counts)} in {counted(self.files, 'file')}"


class File(Generic[T]):
    """A file under inspection: its text, its plain values as they stand there, and the object that they describe."""

    def __init__(self, report: Report, path: Path, kind: str, wanted: type[T]) -> None:
        self.report = report
        self.path = path
        self.text = ""
        self.plain: dict[str, Any] = {}
        self.value: T | None = None
        self._noted = {True: 0, False: 0}  # warnings, errors
        report.files += 1
        try:
            self.text = yamlfile.text_of(path)
            plain = yamlfile.parse(self.text, str(path))
        except UserError as error:
            report.add(_as_message(path, error))
            return
        self._load(plain, kind, wanted)

    def _load(self, plain: Any, kind: str, wanted: type[T]) -> None:
        try:
            present = migrate.migrate(plain, kind)
        except Misfit as misfit:
            self.misfit(misfit)
            return
        self.plain = plain
        if "digest" in plain and digest(plain) != plain["digest"]:
            self.error(("digest",), "the file was changed after it was written. Restore it, or measure again")
        elif "digest" not in plain and kind != "reported":
            self.error(("digest",), "is missing; Podpath writes it")
        try:
            self.value = from_plain(wanted, present)
        except Misfit as first:
            for found in structure.misfits(present, kind) or [first]:
                self.misfit(found)

    @cached_property
    def lines(self) -> yamlfile.Lines:
        """Where the keys stand; made when the first finding asks for it."""
        return yamlfile.Lines(self.text)

    @property
    def full(self) -> bool:
        """Whether so many errors are noted that no other will be told."""
        return self._noted[False] > MOST

    def misfit(self, misfit: Misfit) -> None:
        """Note a value that does not fit the format."""
        value = "" if misfit.value is None else shown(misfit.value)
        self._note(misfit.key, value, misfit.what, warning=False)

    def error(self, key: Key, text: str) -> None:
        """Note an error under a key; the value is looked up."""
        self._note(key, None, text, warning=False)

    def warn(self, key: Key, text: str) -> None:
        """Note a warning under a key; the value is looked up."""
        self._note(key, None, text, warning=True)

    def _note(self, key: Key, value: str | None, text: str, *, warning: bool) -> None:
        self._noted[warning] += 1
        if self._noted[warning] > MOST:
            self.report.add(Message(self.path, 0, "", "", f"has more than {MOST} of these; mend them first."), warning=warning)
            return
        value = self._value(key) if value is None else value
        message = Message(self.path, self.lines.of(key), spelled(key) if key else "", value, text + ".")
        self.report.add(message, warning=warning)

    def _value(self, key: Key) -> str:
        value: Any = self.plain
        for part in key:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return ""
        return "" if isinstance(value, dict | list) else shown(value)


def _as_message(path: Path, error: UserError) -> Message:
    """A reader's sentence ``file:line: what`` in its parts."""
    rest = error.problem.removeprefix(f"{path}:")
    number, _, text = rest.partition(": ")
    advice = f" {error.advice}" if error.advice else ""
    if number.isdigit():
        return Message(path, int(number), "", "", text + advice)
    return Message(path, 0, "", "", rest.strip() + advice)
