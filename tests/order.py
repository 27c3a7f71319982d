"""Which tests begin first, and which the quick selection leaves out.

The last test to begin decides when the run ends, so what takes long begins first. Within each of these classes the order
stays pytest's own, or the random one of pytest-randomly.
"""

from __future__ import annotations

import pytest

# From the longest to the shortest. A test is of the first class whose mark it has.
SLOW = ("capsule", "long", "browser", "slow", "cluster", "lab")


def rank(item: pytest.Item) -> int:
    """Return the place of a test's class: 0 begins first."""
    return next((place for place, mark in enumerate(SLOW) if item.get_closest_marker(mark)), len(SLOW))


# All of the capsule's, which keeps to one processor, the same for all; and what works in one checkout of the whole project.
TOGETHER = {"capsule": ("capsule", "containerlab_for_real"), "workflows": ("test_workflows.py::test_the_steps",)}


def group(nodeid: str) -> str:
    """Return what stays with one worker: a test, or several of which the first makes what the others need."""
    return next((name for name, parts in TOGETHER.items() if any(part in nodeid for part in parts)), nodeid)


def begin_with_the_longest(items: list[pytest.Item]) -> None:
    """Sort in place, by class; one of those that share the built site comes early.

    It makes what the others would wait for, all workers at the same time.
    """
    items.sort(key=rank)
    readers = [item for item in items if rank(item) == SLOW.index("browser") and "project" in item.fixturenames]
    for builder in readers[:1]:
        items.remove(builder)
        items.insert(sum(rank(item) == 0 for item in items), builder)


def leave_out_the_slow(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is of any of the classes."""
    left_out = [item for item in items if rank(item) < len(SLOW)]
    items[:] = [item for item in items if rank(item) == len(SLOW)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
