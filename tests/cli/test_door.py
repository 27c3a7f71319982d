"""What the front door makes of a task's options."""

from __future__ import annotations

import errno
import inspect
import os

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from experiments.cli.door import door

SEEN: list[object] = []


@door
def task(c: Context, name: str = "", seed: int = 7, keep: bool = False) -> None:
    SEEN.extend((name, seed, keep))


def _default(name: str) -> object:
    return inspect.signature(task).parameters[name].default


def test_a_number_is_read_by_its_own_type_and_reaches_the_task_as_an_int() -> None:
    kind = type(_default("seed"))
    assert _default("seed") == 7
    assert {int: "INT"}.get(kind) == "INT"  # as invoke looks up what its help says
    SEEN.clear()
    task(Context(), name="x", seed=kind("12"), keep=True)
    assert SEEN == ["x", 12, True]
    assert [type(value) is plain for value, plain in zip(SEEN, (str, int, bool), strict=True)] == [True] * 3


@pytest.mark.parametrize("typed", ["abc", "", "1.5", "2,3"])
def test_what_is_no_number_ends_with_the_option_s_name(typed: str) -> None:
    with pytest.raises(Exit, match="--seed") as ended:
        type(_default("seed"))(typed)  # type: ignore[call-arg]
    assert ended.value.code == 2


def test_other_options_keep_their_types() -> None:
    assert [type(_default(name)) for name in ("name", "keep")] == [str, bool]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_place_that_cannot_be_written_is_named_without_a_traceback(number: int) -> None:
    @door
    def writes(c: Context) -> None:
        raise OSError(number, os.strerror(number), "/somewhere/generated")

    with pytest.raises(Exit, match=f"/somewhere/generated: {os.strerror(number)}") as ended:
        writes(Context())
    assert ended.value.code == 1


def test_any_other_error_of_the_system_keeps_its_traceback() -> None:
    @door
    def fails(c: Context) -> None:
        raise OSError(errno.EIO, "broken", "/somewhere")

    with pytest.raises(OSError, match="broken"):
        fails(Context())
