"""Commands that are asked something about this machine: argument lists, a time limit, and no more than so many words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments import bounded

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
    try:
        done = bounded.run(argv, timeout_s, LARGEST_BYTES, environment={**environment, "PATH": path})
    except FileNotFoundError as error:
        return Answer(127, trouble=f"{error.filename} is not installed")
    except OSError as error:  # not for this processor, or not to be run
        return Answer(126, trouble=f"{argv[0]}: {error.strerror}")
    except bounded.TooLong:
        return Answer(124, trouble="no answer")
    except bounded.TooMuch:
        return Answer(125, trouble=f"{argv[0]} says more than {LARGEST_BYTES // 1024} KiB")
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
