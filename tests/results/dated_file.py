"""Files of data/growth and data/failures as somebody writes them who knows the format: the digest fits, whatever they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.results import plain, yamldump
from experiments.results.failure_model import Failures
from experiments.results.growth_model import Growth


def written(root: Path, value: Growth | Failures, name: str = "") -> Path:
    """The path of a file below ``root`` that holds an object, which the writer itself may refuse."""
    return put(root, "growth" if isinstance(value, Growth) else "failures", plain.to_plain(value), name)


def put(root: Path, kind: str, values: dict[str, Any], name: str = "") -> Path:
    """The path of a file below ``root`` that holds these values."""
    values = {**values, "digest": plain.digest(values)}
    path = root / "data" / kind / f"{name or values['id']}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yamldump.dump(values))
    return path
