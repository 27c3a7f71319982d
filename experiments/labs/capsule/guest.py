"""The first process inside the capsule: loads modules, then does the jobs that come as lines of the console."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from experiments.errors import PodpathError, UserError
from experiments.labs.capsule.start import GUEST_EXCHANGE, MARK


def say(message: Mapping[str, Any]) -> None:
    """A marked line on the console."""
    print(f"\n{MARK}{json.dumps(message)}", flush=True)


def load_modules(names: list[str]) -> list[str]:
    """Load modules; those that the kernel neither has as a module nor built in."""
    missing = []
    for name in names:
        if name and subprocess.run(["/sbin/modprobe", "-d", "/mnt", name], capture_output=True, check=False).returncode != 0:
            built_in = Path(f"/mnt/lib/modules/{os.uname().release}/modules.builtin")
            known = built_in.read_text() if built_in.exists() else ""
            if f"/{name}.ko" not in known.replace("-", "_"):
                missing.append(name)
    return missing


def program(argument: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Run ``argument["argv"]`` in ``argument["cwd"]``: its status and what it said; for tests and benchmarks inside."""
    tell(f"run {argument['argv'][0]}")
    done = subprocess.run(argument["argv"], cwd=argument["cwd"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", check=False)
    return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def do(line: str) -> None:
    """One job: call the function, write what it returns, say that it is done."""
    job = json.loads(line)
    module, _, name = str(job["function"]).partition(":")
    if not module.startswith("experiments."):
        raise ValueError(f"{module} is not a module of this package")
    function = getattr(importlib.import_module(module), name)
    result = function(job["argument"], lambda text: say({"progress": text}))
    target = Path(GUEST_EXCHANGE) / str(job["result"])
    unfinished = target.with_suffix(".part")
    unfinished.write_text(json.dumps(result))
    unfinished.replace(target)
    say({"done": job["result"]})


def main() -> None:
    """Until the console closes."""
    # Built in or optional ones may be absent by name; what a mode needs is attested when the mode is built.
    missing = load_modules(os.environ.get("PODPATH_MODULES", "").split(","))
    say({"ready": os.uname().release, "not_loaded": missing})
    for line in sys.stdin:
        if not line.strip().startswith("{"):
            continue
        try:
            do(line)
        except UserError as error:
            say({"user_error": error.problem, "advice": error.advice})
        except PodpathError as error:
            say({"error": str(error)})
        except Exception:
            say({"error": traceback.format_exc(limit=-3)})


if __name__ == "__main__":
    main()
