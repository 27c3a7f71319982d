"""How much of the processors a control group leaves to this process: `docker run --cpus`, a pod's limit, systemd's CPUQuota.

A quota takes the processor away in the middle of things, for the rest of a period. Slices are counted by the processor's own
time and only take longer; whatever needs a clock suffers. Version 2 says ``cpu.max`` (Documentation/admin-guide/cgroup-v2.rst),
version 1 ``cpu.cfs_quota_us`` and ``cpu.cfs_period_us`` (scheduler/sched-bwc.rst).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

GROUPS, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
V1 = ("cpu,cpuacct", "cpu")  # names of the controller's folder, by distribution


def processors(groups: Path = GROUPS, own: Path = OWN) -> float | None:
    """The smallest quota of this process's group and of those above it, in processors; None where there is none."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return None
    found = [quota for line in lines for quota in _of_line(groups, line)]
    return min(found, default=None)


def _of_line(groups: Path, line: str) -> Iterator[float]:
    """The quotas along one line of /proc/self/cgroup: a number, controllers, the group's path."""
    number, _, rest = line.partition(":")
    controllers, _, path = rest.partition(":")
    roots = [groups, groups / "unified"] if number == "0" else [groups / name for name in V1 if "cpu" in controllers.split(",")]
    # What a container sees of its own path may begin outside of it; its own group is then the root that it sees.
    places = [PurePosixPath(path.lstrip("/")), *PurePosixPath(path.lstrip("/")).parents]
    for root in roots:
        for place in places:
            quota = _read(root / place)
            if quota is not None:
                yield quota


def _read(group: Path) -> float | None:
    """A group's own quota."""
    try:
        if (group / "cpu.max").is_file():
            most, period = (group / "cpu.max").read_text().split()
        else:
            most, period = ((group / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        return None if most in ("max", "-1") else int(most) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
