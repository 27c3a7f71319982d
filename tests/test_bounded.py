"""Commands run to their end: for so long, with so many words; and what they leave behind is not waited for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from experiments import bounded


def _python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_both_outputs_and_the_status_are_there() -> None:
    done = bounded.run(_python("import sys; print('a'); print('b', file=sys.stderr); sys.exit(3)"), 20, 100)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"a\n", b"b\n")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_who_never_stops_talking_is_ended(stream: str) -> None:
    with pytest.raises(bounded.TooMuch):
        bounded.run(_python(f"import sys\nwhile True: sys.{stream}.write('x' * 1000)"), 60, 1 << 20)


def test_all_that_is_allowed_is_kept() -> None:
    done = bounded.run(_python("print('x' * 999_999)"), 20, 1_000_000)
    assert len(done.stdout) == 1_000_000


def test_who_hangs_is_ended() -> None:
    with pytest.raises(bounded.TooLong):
        bounded.run(["sleep", "60"], 0.2, 100)


def test_who_is_left_behind_with_the_outputs_is_not_waited_for() -> None:
    text = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True)"
    done = bounded.run(_python(text), 20, 100)
    subprocess.run(["kill", done.stdout.decode().strip()], check=True)
