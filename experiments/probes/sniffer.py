"""Writes what leaves a device to standard output, as a pcap file that tcpdump and Wireshark read too.

A program of its own, started inside a node: ``python3 sniffer.py DEVICE PACKETS [BYTES]``; with BYTES (hexadecimal) only
frames that hold these bytes among their headers: on a device that others use too, theirs are nobody's business.

It is here because tcpdump gives up its privileges by ``setgroups``, which the kernel denies in a user namespace that an
ordinary user made (user_namespaces(7)), and then ends. Standard library only, so that any node's python3 can run it.
"""

from __future__ import annotations

import signal
import socket
import struct
import sys
import time

ETH_P_ALL = 0x0003
SNAP_BYTES = 65535
LINKTYPE_ETHERNET = 1
HEADERS_BYTES = 160  # of a frame: in the deepest stack here, the pod's addresses stand among the first 110
# The pcap file header: magic number, version 2.4, no time zone, no accuracy, longest packet, kind of link.
PCAP_HEADER = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAP_BYTES, LINKTYPE_ETHERNET)


def main(device: str, packets: int, holding: bytes = b"") -> None:
    """Write up to ``packets`` outgoing frames of ``device``; the file's header goes out as soon as the socket listens.

    Whoever is told to end (SIGTERM) first writes what was sent until then: on a busy machine that may be all of it.
    """
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as listener:
        listener.bind((device, ETH_P_ALL))
        signal.signal(signal.SIGTERM, lambda *_: listener.setblocking(False))
        output = sys.stdout.buffer
        output.write(PCAP_HEADER)
        output.flush()
        while packets:
            try:
                frame, (_, _, kind, *_) = listener.recvfrom(SNAP_BYTES)
            except BlockingIOError:  # told to end, and nothing is left
                break
            if kind != socket.PACKET_OUTGOING or holding not in frame[:HEADERS_BYTES]:
                continue
            seconds, rest = divmod(time.time_ns(), 1_000_000_000)
            output.write(struct.pack("=IIII", seconds, rest // 1000, len(frame), len(frame)) + frame)
            output.flush()
            packets -= 1


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), bytes.fromhex("".join(sys.argv[3:])))
