"""The lab's image without Docker and without a registry: Debian's packages in an archive, by mmdebstrap.

The packages are those that ``image/Dockerfile`` names; there is one list.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from experiments import paths
from experiments.errors import ExperimentFailed, UserError

DOCKERFILE = Path(__file__).resolve().parent / "image" / "Dockerfile"
SUITE = "bookworm"  # Debian 12, as the Dockerfile's base
TIMEOUT_S = 1800.0


def archive() -> Path:
    """Where the archive lies: PODPATH_LAB_IMAGE, or the user's cache (XDG Base Directory Specification)."""
    if named := os.environ.get("PODPATH_LAB_IMAGE"):
        return Path(named)
    return paths.cache() / "lab-image.tar"


def packages() -> list[str]:
    """The Debian packages of the image."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    found = re.search(r"apt-get install ([^&]*)&&", text)
    assert found, "the Dockerfile installs packages"
    return [word for word in found[1].split() if not word.startswith("-")]


def make(target: Path) -> None:
    """Write the archive; takes some minutes and asks Debian's mirror for the packages.

    Raises:
        UserError: mmdebstrap is not installed.
        ExperimentFailed: it failed; its own messages are shown.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.part.tar")
    argv = ["mmdebstrap", "--variant=minbase", f"--include={','.join(packages())}", SUITE, str(unfinished)]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False)
    except FileNotFoundError:
        raise UserError("mmdebstrap is not installed.", "Install it: `apt-get install mmdebstrap`.") from None
    if done.returncode != 0:
        unfinished.unlink(missing_ok=True)
        raise ExperimentFailed(f"`mmdebstrap` ended with {done.returncode}.", "Its own messages above say why.")
    unfinished.replace(target)
