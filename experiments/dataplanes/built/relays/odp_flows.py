"""The flows of an Open vSwitch datapath as the kernel counts them, whoever has installed them: our handler or weaver.

Not by ``ovs-dpctl``: merely to look, it tells the datapath to send misses to one socket a processor, and from then on the
handler hears nothing more (OVS 3.1, lib/dpif-netlink.c).
"""

from __future__ import annotations

import argparse
import json
import socket
import struct

from experiments.dataplanes.built.relays import netlink
from experiments.dataplanes.built.relays.netlink import by_kind
from experiments.dataplanes.built.relays.process import fail

# linux/openvswitch.h
FLOW, FLOW_VERSION, GET = "ovs_flow", 1, 3
FLOW_KEY, FLOW_ACTIONS, FLOW_STATS = 1, 2, 3
KEY_ETHERNET, KEY_TUNNEL = 4, 16
TUNNEL_ID = 0
ACTION_SET = 3


def carried(datapath: int) -> list[dict[str, int]]:
    """The flows of single addresses of the datapath with that index: tunnel id, whether it leads out, packets and bytes.

    Raises:
        OSError: the kernel refused.
    """
    found = []
    asker = netlink.Socket()  # a socket of its own, as this may be called in the middle of another request
    try:
        for body in asker.dump(FLOW, GET, FLOW_VERSION, struct.pack("=i", datapath)):
            given = by_kind(body[4:])
            key, stats = by_kind(given.get(FLOW_KEY, b"")), given.get(FLOW_STATS, bytes(16))
            outward = KEY_TUNNEL not in key
            tunnel = key.get(KEY_TUNNEL) or _set_tunnel(given.get(FLOW_ACTIONS, b""))
            packets, size = struct.unpack_from("=QQ", stats)
            if not key.get(KEY_ETHERNET, bytes(12))[6] & 1:
                identity = int.from_bytes(by_kind(tunnel).get(TUNNEL_ID, b""), "big")
                found.append({"tunnel_id": identity, "outward": int(outward), "packets": packets, "bytes": size})
    finally:
        asker.socket.close()
    return found


def _set_tunnel(actions: bytes) -> bytes:
    """The tunnel key of the first "set" in a list of actions."""
    for kind, payload in netlink.attributes(actions):
        if kind == ACTION_SET:
            return by_kind(payload).get(KEY_TUNNEL, b"")
    return b""


def main() -> None:
    """The program: print the flows of one datapath as JSON."""
    parser = argparse.ArgumentParser(description="The flows of an Open vSwitch datapath, with their counters.")
    parser.add_argument("datapath", help="its name, which is that of its own device")
    try:
        print(json.dumps(carried(socket.if_nametoindex(parser.parse_args().datapath))))
    except OSError as error:
        fail(str(error))


if __name__ == "__main__":
    main()
