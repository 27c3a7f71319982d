"""What a device has received, again and again, until it is ended: the program that `experiments.probes.watched` runs in a lab.

It stands alone (no import of this package). A line on its standard output is: nanoseconds of the clock, bytes, packets. The
clock is read before and after the counters; a reading in between which the processor was taken away is not written.
"""

from __future__ import annotations

import sys
import time

EVERY_S = 0.02
LONGEST_NS = 500_000  # for one reading


def main(device: str) -> None:
    """Until the process is ended."""
    while True:
        with open("/proc/self/net/dev") as table:  # noqa: PTH123 (pathlib takes longer to import than this to run)
            before = time.monotonic_ns()
            text = table.read()
            after = time.monotonic_ns()
        for line in text.splitlines():
            name, colon, rest = line.partition(":")
            if colon and name.strip() == device and after - before <= LONGEST_NS:
                received = rest.split()
                print((before + after) // 2, received[0], received[1], flush=True)
        time.sleep(EVERY_S)


if __name__ == "__main__":
    main(sys.argv[1])
