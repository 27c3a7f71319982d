"""Builds a crowd of BGP speakers in private namespaces and times it: the program that :mod:`.grow` runs there.

On its standard input one line of JSON: shape, number of nodes, seconds to wait. On its standard output a line of JSON for each
phase that begins, and one at the end. It ends with its namespaces, and they with the runner.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.errors import ExperimentFailed
from experiments.labs.base import Node
from experiments.labs.fabric.crowd import BRIDGE, MTU, UNDERLAY, Crowd, crowd, second_block
from experiments.labs.fabric.peering import block
from experiments.measure.growth.routes import Lost
from experiments.measure.growth.running import Running, resident_bytes, run_time_s
from experiments.measure.program import say, say_error


def _others(nodes: Sequence[Node], blocks: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """What each node waits for: the blocks of all others."""
    return {node.name: set().union(*(own for name, own in blocks.items() if name != node.name)) for node in nodes}


def grown(running: Running) -> dict[str, Any]:
    """Build, wait, count; then one node more, one block more, one node less.

    Raises:
        ExperimentFailed: something did not start, or did not come in time.
    """
    before = running.now
    count = len(before.nodes)
    _tell("build")
    began = time.monotonic()
    running.typed("", [f"netns add {UNDERLAY}"])
    running.typed(UNDERLAY, [f"link add {BRIDGE} mtu {MTU} type bridge stp_state 0", f"link set {BRIDGE} up"])
    running.attach(before, before.speakers)
    running.watch.expect(_others(before.nodes, {node.name: {block(node)} for node in before.nodes}), {})
    idle = running.sent()
    running.become(before, before.configurations())
    built = time.monotonic()
    _tell(f"wait for {count * (count - 1)} routes")
    point: dict[str, Any] = {"build_s": built - began, "converge_s": running.until_quiet("The build", built)}
    point["cpu_s"] = sum(run_time_s(process) for process in running.processes())
    ends = running.established()
    sent = running.sent()
    point |= {"sessions": ends // 2, "routes": running.in_tables(), "daemons": len(before.speakers),
              "memory_bytes": sum(resident_bytes(process) for process in running.processes()),
              "updates": running.updates(), "underlay_bytes": sent[0] - idle[0], "underlay_packets": sent[1] - idle[1]}
    return {**point, "changes": list(_changes(running, before))}


def _changes(running: Running, before: Crowd) -> Iterator[dict[str, Any]]:
    count = len(before.nodes)
    larger = crowd(running.now.shape, count + 1)
    first, last = larger.nodes[0], larger.nodes[-1]
    _tell("one node more")
    running.attach(larger, [one for one in larger.speakers if one not in before.speakers])
    blocks = {node.name: {block(node)} for node in larger.nodes}
    yield _change(running, "join", larger, _others(larger.nodes, blocks), {})
    running.established()
    _tell("one block more")
    more = {first.name: (second_block(first),)}
    yield _change(running, "block", crowd(running.now.shape, count + 1, more),
                  {node.name: {second_block(first)} for node in larger.nodes[1:]}, {})
    _tell("one node less")
    yield _change(running, "leave", crowd(running.now.shape, count, more), {},
                  {node.name: {block(last)} for node in before.nodes})


def _change(running: Running, what: str, after: Crowd, arrive: Mapping[str, set[str]], vanish: Mapping[str, set[str]]
            ) -> dict[str, Any]:
    before, wanted = running.sent(), after.configurations()
    running.watch.expect(arrive, vanish)
    began = time.monotonic()
    touched = running.become(after, wanted)
    seconds = running.until_quiet(f"After the change '{what}'", began)
    sent = running.sent()
    return {"what": what, "touched": touched, "converge_s": seconds, "underlay_bytes": max(0, sent[0] - before[0])}


def _tell(phase: str) -> None:
    say({"tell": phase})


def run() -> None:
    """Do what the line on standard input asks."""
    asked = json.loads(sys.stdin.readline())
    try:
        say({"result": grown(Running(crowd(asked["shape"], asked["nodes"]), asked["timeout_s"]))})
    except ExperimentFailed as failure:
        say_error(failure)
    except Lost as lost:
        say({"failed": [f"The kernel told more of the routes of {lost} than was heard.", "Run it again on an idle machine."]})
    except (OSError, ValueError) as error:
        say({"failed": [f"{type(error).__name__}: {error}", "The message says which command or file; run it again."]})

