"""Short runs of iperf3, of mode and baseline in turn: what is kept of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from experiments.probes import iperf3
from experiments.probes.errors import ProbeError

TOOL = "podpath runs 1"


def text(pairs: Sequence[Sequence[str]], of: int) -> str:
    """What is kept for one of the two trials: iperf3's own outputs, pair by pair, and whose trial it is."""
    return json.dumps({"tool": TOOL, "of": of, "pairs": [list(pair) for pair in pairs]})


def is_ours(said: str) -> bool:
    """Whether a raw output is of this kind."""
    return said.startswith('{"tool": "podpath runs')


def texts(said: str) -> list[list[str]]:
    """iperf3's own outputs, pair by pair, out of what :func:`parse` has taken."""
    return [[str(one) for one in pair] for pair in json.loads(said)["pairs"]]


def parse(said: str) -> tuple[list[list[iperf3.IperfResult]], int]:
    """Read what :func:`text` wrote: the results, pair by pair, and whose trial it is.

    Raises:
        ProbeError: it is damaged, or iperf3 failed in one of them.
    """
    try:
        plain = json.loads(said)
        pairs, of = [[str(one) for one in pair] for pair in plain["pairs"]], plain["of"]
        if not pairs or type(of) is not int or of not in (0, 1):
            raise ValueError("not of this kind")
        if any(len(pair) != len(pairs[0]) or len(pair) <= of for pair in pairs):
            raise ValueError("not of this kind")
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ProbeError("What the runs gave cannot be read: it is damaged.") from None
    return [[iperf3.parse(one) for one in pair] for pair in pairs], of
