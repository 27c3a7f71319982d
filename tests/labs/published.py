"""Where the CNIs' published manifests are; they belong to their projects and are not kept here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from experiments.paths import ROOT

MANIFESTS = Path(os.environ.get("PODPATH_MANIFESTS", ROOT.parent / "shared" / "manifests"))
here = pytest.mark.skipif(not MANIFESTS.is_dir(), reason="no published manifests here: `PODPATH_MANIFESTS=FOLDER invoke test`")
