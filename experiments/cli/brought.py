"""What is brought to the kind lab on a machine that cannot fetch it: the CNIs' manifests, and their images."""

from __future__ import annotations

from pathlib import Path

from experiments.errors import UserError
from experiments.labs.backend import Means


def means(manifests: str, image_archive: str) -> Means:
    """``manifests``: a folder with the CNIs' manifests; ``image_archive``: a file of ``docker save``; empty: none is brought.

    Raises:
        UserError: there is no such folder or file.
    """
    if manifests and not Path(manifests).is_dir():
        raise UserError(f"--manifests {manifests}: there is no such folder.", "Name the folder that has the CNIs' manifests.")
    if image_archive and not Path(image_archive).is_file():
        raise UserError(f"--image-archive {image_archive}: there is no such file.",
                        "Make it where registries can be reached: `docker save --output FILE IMAGE …`.")
    return Means(manifests, image_archive)
