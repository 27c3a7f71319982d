"""Commands that are asked something about this machine: argument lists, a time limit, and no more than so many words."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

LARGEST_BYTES = 1 << 20  # `docker info` and the like say some kilobytes


@dataclass(frozen=True)
class Answer:
    """What a command answered; ``trouble`` is set where it gave no status: it is not installed, or did not end."""

    status: int
    output: str = ""
    errors: str = ""
    trouble: str = ""

    @property
    def ok(self) -> bool:
        """Whether it ended with 0."""
        return self.status == 0 and not self.trouble

    @property
    def refusal(self) -> str | None:
        """The last thing that it said, or else why it did not answer; None if it ended with 0."""
        if self.ok:
            return None
        lines = (self.errors or self.output).strip().splitlines()
        return self.trouble or (lines[-1] if lines else f"exit status {self.status}")


def ask(argv: Sequence[str], path: str, environment: dict[str, str], timeout_s: float) -> Answer:
    """Run a command, looked for in ``path``, without input, for ``timeout_s`` seconds at most."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(list(argv), stdin=subprocess.DEVNULL, stdout=output, stderr=errors, timeout=timeout_s,
                                  check=False, env={**environment, "PATH": path})
        except FileNotFoundError as error:
            return Answer(127, trouble=f"{error.filename} is not installed")
        except OSError as error:  # not for this processor, or not to be run
            return Answer(126, trouble=f"{argv[0]}: {error.strerror}")
        except subprocess.TimeoutExpired:
            return Answer(124, trouble="no answer")
        return Answer(done.returncode, _text(output), _text(errors))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(LARGEST_BYTES).decode(errors="replace")
