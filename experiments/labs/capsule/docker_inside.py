"""Docker inside the capsule: for machines whose own kernel cannot run containerlab.

containerlab reads /proc/modules and stops where there is none; User-Mode Linux has it. The daemon is the host's program
(Debian package docker.io), on the capsule's kernel, with its data in the capsule's memory: nothing is written to the host.
Functions here run inside; :func:`start` is called by the runner before the first deployment.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.errors import ExperimentFailed

MEMORY_MB = 4096  # the image lies in it twice while it is imported
DATA, DATA_SIZE = "/mnt/docker", "2500m"
LOG = Path("/tmp/dockerd.log")
READY_TIMEOUT_S = 90.0
IMPORT_TIMEOUT_S = 300.0
# Docker's bridge driver programs the packet filter through iptables.
MODULES = ("overlay", "bridge", "br_netfilter", "iptable_nat", "iptable_filter", "xt_MASQUERADE", "xt_conntrack",
           "xt_addrtype", "xt_mark")
WITHOUT = {"cpuset"}  # runc 1.1 stumbles over it where there is one processor


def start(arguments: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Start the daemon and give it the image ``arguments["image"]`` from the file ``arguments["archive"]``.

    Raises:
        ExperimentFailed: something did not work; what it said is quoted.
    """
    tell("start Docker in the capsule")
    _mount_control_groups()
    _make_etc_writable()
    _run(["mkdir", "-p", DATA])
    _run(["mount", "-t", "tmpfs", "-o", f"size={DATA_SIZE}", "tmpfs", DATA])
    with LOG.open("wb") as log:
        argv = ["dockerd", "--data-root", DATA, "--exec-root", "/run/docker", "--storage-driver", "overlay2"]
        daemon = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    _wait(daemon)
    tell("import the lab's image")
    _run(["docker", "import", "--change", 'CMD ["sleep","infinity"]', str(arguments["archive"]),
          str(arguments["image"])], IMPORT_TIMEOUT_S)
    return {"docker": _run(["docker", "version", "--format", "{{.Server.Version}}"]).strip()}


def _mount_control_groups() -> None:
    _run(["mount", "-t", "tmpfs", "tmpfs", "/sys/fs/cgroup"])
    for line in Path("/proc/cgroups").read_text().splitlines()[1:]:
        name, _, _, enabled = line.split()
        if enabled == "1" and name not in WITHOUT:
            Path(f"/sys/fs/cgroup/{name}").mkdir()
            _run(["mount", "-t", "cgroup", "-o", name, "cgroup", f"/sys/fs/cgroup/{name}"])


def _make_etc_writable() -> None:
    """Docker and containerlab write there; what they write is gone with the capsule."""
    _run(["sh", "-c", "cp -a /etc /mnt/etc 2>/dev/null; test -d /mnt/etc"])
    _run(["mount", "--bind", "/mnt/etc", "/etc"])


def _wait(daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while subprocess.run(["docker", "version"], capture_output=True, check=False).returncode != 0:
        if daemon.poll() is not None or time.monotonic() > deadline:
            said = LOG.read_text(errors="replace").splitlines()[-5:]
            raise ExperimentFailed(f"Docker did not start in the capsule. Its log ends with: {' / '.join(said)[-900:]}")
        time.sleep(0.3)


def _run(argv: Sequence[str], timeout_s: float = 60.0) -> str:
    done = subprocess.run(list(argv), capture_output=True, text=True, errors="replace", timeout=timeout_s, check=False,
                          stdin=subprocess.DEVNULL, env={**os.environ, "HOME": "/tmp"})
    if done.returncode != 0:
        raise ExperimentFailed(f"`{' '.join(argv[:3])}` ended with {done.returncode}: {(done.stderr or done.stdout)[-400:]}")
    return done.stdout
