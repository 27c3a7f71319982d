"""``--manifests`` and ``--image-archive``: what the kind lab takes from files on a machine that cannot fetch it."""

from __future__ import annotations

from pathlib import Path

from experiments.errors import UserError
from experiments.labs.backend import Means
from experiments.labs.kind.backend import Kind


def from_files(manifests: str, image_archive: str, lab: str) -> Means:
    """``manifests``: a folder with the CNIs' manifests; ``image_archive``: a file of ``docker save``; empty: it is fetched.
    ``lab`` is the one that was asked for.

    Raises:
        UserError: there is no such folder or file, or the lab takes none.
    """
    if (manifests or image_archive) and lab not in (Kind.name, "auto"):
        raise UserError("--manifests and --image-archive are for clusters that are made here.",
                        f"Use them with --lab {Kind.name}.")
    if manifests and not Path(manifests).is_dir():
        raise UserError(f"--manifests {manifests}: there is no such folder.", "Name the folder that has the CNIs' manifests.")
    if image_archive and not Path(image_archive).is_file():
        raise UserError(f"--image-archive {image_archive}: there is no such file.",
                        "Make it where registries can be reached: `docker save --output FILE IMAGE …`.")
    return Means(manifests, image_archive)
