"""Commands for a speaker that flood, hang, fail or say what is no text: each ends with its sentence."""

from __future__ import annotations

import functools
import subprocess
import sys

import pytest

from experiments import bounded
from experiments.errors import ExperimentFailed
from experiments.measure.growth import command


def answer(text: str, timeout_s: float = 20.0) -> str:
    argv = [sys.executable, "-c", text]
    return command.answer("node1", argv, functools.partial(bounded.run, argv, timeout_s, 1 << 20))


def test_what_is_no_text_is_still_read() -> None:
    assert answer(r"import sys; sys.stdout.buffer.write(b'a\xff\n')") == "a\ufffd\n"


@pytest.mark.parametrize(("text", "said"), [
    ("while True: print('x' * 1000)", "said more than"),
    ("import sys; sys.exit('no such socket')", "ended with 1: no such socket"),
    ("print('syntax error'); raise SystemExit(2)", "ended with 2: syntax error"),
])
def test_what_goes_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(ExperimentFailed, match=f"On node1: .*{said}"):
        answer(text)


def test_who_hangs_is_ended_with_a_sentence() -> None:
    with pytest.raises(ExperimentFailed, match=r"On node1: .* did not end in time\."):
        answer("import time; time.sleep(60)", 0.3)


def test_one_that_was_started_with_one_output_is_ended_too() -> None:
    argv = [sys.executable, "-c", "while True: print('x' * 1000)"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process, pytest.raises(
            ExperimentFailed, match="said more than"):
        command.answer("node1", argv, functools.partial(bounded.ended, process, 20, 1 << 20))
