"""Commands of this machine: ended in time, bounded, found again by their mark."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.errors import ExperimentFailed, UserError
from experiments.labs import commands


def _python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_input_output_and_status_are_passed_on(tmp_path: Path) -> None:
    text = "import os, sys; print(sys.stdin.read()[::-1] + os.getcwd()); print('words', file=sys.stderr); sys.exit(3)"
    done = commands.run(_python(text), 20, folder=tmp_path, given="olleh ")
    assert (done.returncode, done.stdout, done.stderr) == (3, f" hello{tmp_path}\n", "words\n")
    with pytest.raises(ExperimentFailed, match="ended with 3: words"):
        commands.text(_python(text), 20)


def test_without_input_there_is_none() -> None:
    assert commands.text(_python("import sys; print(repr(sys.stdin.read()))"), 20) == "''\n"


def test_what_hangs_is_ended() -> None:
    with pytest.raises(ExperimentFailed, match=r"did not end within 0\.2 s"):
        commands.run(_python("import time; time.sleep(60)"), 0.2)
    with pytest.raises(ExperimentFailed, match=r"did not end within 0\.2 s"):
        commands.run(_python("import os, time; os.close(1); os.close(2); time.sleep(60)"), 0.2)


def test_what_says_too_much_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "LARGEST_BYTES", 1 << 20)
    with pytest.raises(ExperimentFailed, match="says more than 1 MiB"):
        commands.run(_python("import itertools\nfor _ in itertools.count(): print('x' * 1000)"), 20)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(UserError, match="podpath-nothing is not installed"):
        commands.run(["podpath-nothing"], 5)


def test_a_name_is_two_words_and_not_those_of_the_tie() -> None:
    assert commands.name(commands.tied(["kind", "create", "cluster"])) == "kind create"
    assert commands.name(["docker", "ps", "--all"]) == "docker ps"


def test_what_a_killed_command_has_started_is_found_by_its_mark() -> None:
    lab, other = f"pp{secrets.token_hex(4)}", f"pp{secrets.token_hex(4)}"
    sleep = ["sleep", "60"]
    ours = [subprocess.Popen(sleep, env=commands.marked(lab), start_new_session=True) for _ in range(2)]
    neighbour = subprocess.Popen(sleep, env={**os.environ, commands.MARK: other})
    try:
        commands.end_marked(lab)
        assert [process.wait(60) for process in ours] == [-9, -9]
        assert neighbour.poll() is None
    finally:
        neighbour.kill()
        neighbour.wait()
