"""Makes the honest campaign in slices anew: ``python tests/results/slices_sample.py``, as root, in about a minute.

It measures one mode really, as ``invoke experiment`` does, and puts the folder in the place of the one that is there. Do so
whenever protocol p3 gets a view or a field, with nothing uncommitted in the checkout; the cases of the hostile submissions
name views, not places in a list, so they need no change.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "golden" / "results" / "slices"
MODE = "calico-bgp"


def make() -> None:
    """Measure, and replace the sample.

    Raises:
        CalledProcessError: it could not be measured; the sample is as it was.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "invoke", "experiment", MODE, "--profile", "quick", "--host", "sample",
                        "--out", folder], check=True, cwd=ROOT)
        (made,) = (path.parent for path in Path(folder).glob("*/campaign.yml"))
        shutil.rmtree(SAMPLE, ignore_errors=True)
        shutil.copytree(made, SAMPLE)


if __name__ == "__main__":
    make()
