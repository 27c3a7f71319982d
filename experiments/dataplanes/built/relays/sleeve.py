"""Our relay for Weave's sleeve: Ethernet frames from a packet socket to UDP datagrams and back, one process a node.

Full-size frames travel alone; small ones that wait together share a datagram, up to the path's MTU (weaveworks/weave
router/sleeve.go). Frames whose IPv4 packet must not be fragmented go out with DF set and without a UDP checksum, the others
without DF and with one, as weaver sends them. One that does not fit is answered with ICMP 3/4 in the name of the
destination (router/ethernet_decoder.go). MAC addresses are learned from what arrives and forgotten after ten minutes;
unknown ones and broadcasts go to every peer. With a password (``--password-file``) every datagram is sealed.

The modules: ``sleeve_wire`` has the bytes, ``sleeve_path`` whether a peer is reached and how large a packet may be,
``sleeve_relay`` what happens to frames, ``sleeve_crypto`` and ``sleeve_sealed`` the encrypted variant. Here are the sockets.

With ``--gossip`` the relays tell each other which of them reach each other (``gossip``), and pass frames on for those that do
not.

What is not weaver's: peers come from the command line; a broadcast is sent to each peer and not along a tree; the
acknowledgements of heartbeat and MTU, and the exchange of keys, which weaver sends over its TCP connection, are datagrams
here; both kinds of datagram leave by UDP sockets (weaver builds the header of DF datagrams itself and sends them by a raw
socket, whose queue then fills with copies of everything that arrives).

Where the time goes: a frame costs one ``read`` and one ``send`` on the sending node and the same on the receiving one, and a
``poll`` with a wake-up of this process wherever a queue had run dry. Its bytes are copied at these four crossings only:
a captured frame is read to where it stands in a datagram, and its header is written in front. Sealing copies once more.
"""

from __future__ import annotations

import argparse
import io
import select
import socket
import struct
import time
from functools import partial
from pathlib import Path

from experiments.dataplanes.built.relays.gossip import Gossip
from experiments.dataplanes.built.relays.process import Stopped, fail, prepare
from experiments.dataplanes.built.relays.sleeve_peer import Peer, Read, Write
from experiments.dataplanes.built.relays.sleeve_relay import MAC_AGE_S, Relay
from experiments.dataplanes.built.relays.sleeve_wire import name_bytes

PORT = 6783

# linux/if_packet.h, linux/in.h, asm/socket.h: not in Python's socket module.
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, PACKET_IGNORE_OUTGOING = 263, 1, 1, 23
IP_MTU_DISCOVER, IP_PMTUDISC_DONT, IP_PMTUDISC_DO, IP_MTU = 10, 0, 2, 14
SO_NO_CHECK, ETH_P_ALL = 11, 0x0003
RECEIVE_BUFFER_BYTES = 4 << 20


def packet_socket(device: str) -> socket.socket:
    """Every frame that arrives at the device, in promiscuous mode; never what we sent there ourselves.

    Raises:
        OSError: there is no such device, or no permission.
    """
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    made.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    made.bind((device, ETH_P_ALL))
    promiscuous = struct.pack("IHH8s", socket.if_nametoindex(device), PACKET_MR_PROMISC, 0, b"")
    made.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, promiscuous)
    made.setblocking(False)
    return made


def udp_socket(address: str, peer: str, *, df: bool) -> socket.socket:
    """A socket from our port to the peer's, whose datagrams have DF and no checksum, or neither.

    Raises:
        OSError: the address is not ours, or the port is taken.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO if df else IP_PMTUDISC_DONT)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    if df:
        made.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    made.bind((address, PORT))
    made.connect((peer, PORT))
    made.setblocking(False)
    return made


def reader(source: socket.socket) -> Read:
    """Receive into a buffer; None if there is nothing, or if the socket tells of an earlier datagram that was lost."""
    readinto = io.FileIO(source.fileno(), "rb", closefd=False).readinto

    def read(buffer: bytearray | memoryview) -> int | None:
        try:
            return readinto(buffer)
        except OSError:  # refused, unreachable, device down: what an earlier send learned by ICMP; poll tells of more
            return None

    return read


class Sockets:
    """The packet socket on the bridge's far end, and two UDP sockets a peer. They stay open as long as this does."""

    def __init__(self, device: str, address: str, peers: dict[bytes, str]) -> None:
        """``peers``: names and addresses.

        Raises:
            OSError: a socket cannot be made.
        """
        self.bridge = packet_socket(device)
        # The kernel hands a datagram to the connected socket that was made last: both are read.
        self.pairs = {name: (udp_socket(address, peer, df=False), udp_socket(address, peer, df=True))
                      for name, peer in peers.items()}

    def connect(self, relay: Relay) -> dict[int, tuple[Read, Peer | None]]:
        """Make the peers known to the relay; what is to be read, by descriptor: None is the bridge."""
        found: dict[int, tuple[Read, Peer | None]] = {self.bridge.fileno(): (reader(self.bridge), None)}
        for name, (plain, df) in self.pairs.items():
            send: tuple[Write, Write] = (plain.send, df.send)
            peer = relay.add_peer(name, send, partial(df.getsockopt, socket.IPPROTO_IP, IP_MTU))
            found |= {one.fileno(): (reader(one), peer) for one in (plain, df)}
        return found


def serve(relay: Relay, sources: dict[int, tuple[Read, Peer | None]]) -> None:
    """Relay until stopped."""
    poll = select.poll()
    for number in sources:
        poll.register(number, select.POLLIN)
    relay.tick(time.monotonic())
    while True:
        ready = poll.poll(max(0.0, relay.due() - time.monotonic()) * 1000 + 1)
        now = time.monotonic()
        for number, _ in ready:
            read, peer = sources[number]
            if peer is None:
                relay.bridge_to_peers(read, now)
            else:
                relay.peer_to_bridge(peer, read, now)
        if now >= relay.due():
            relay.tick(now)


def main() -> None:
    """The program: open the sockets, relay until SIGTERM."""
    parser = argparse.ArgumentParser(description="Podpath's relay for Weave's sleeve.")
    parser.add_argument("--device", required=True, help="the far end of the bridge's veth pair")
    parser.add_argument("--name", required=True, help="the node's peer name, like 02:77:65:61:76:01")
    parser.add_argument("--address", required=True, help="the node's address")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=ADDRESS", help="repeatable")
    parser.add_argument("--password-file", default="", help="seal every datagram with this password; needs PyNaCl")
    parser.add_argument("--gossip", action="store_true", help="agree with the peers on ways round a connection that is cut")
    parser.add_argument("--mac-age", type=float, default=MAC_AGE_S, help="seconds until a MAC address is forgotten")
    parser.add_argument("--pid-file", default="")
    parser.add_argument("--statistics", default="", help="file for the counters, on SIGUSR1 and at the end")
    given = parser.parse_args()
    try:
        peers = {name_bytes(name): address for name, address in (peer.split("=", 1) for peer in given.peer)}
        sockets = Sockets(given.device, given.address, peers)
        relay = _relay(name_bytes(given.name), sockets.bridge.send, given.password_file, given.mac_age)
        sources = sockets.connect(relay)
        if given.gossip:
            _gossip(relay, given.address, peers).start()
    except (OSError, ValueError, ImportError) as error:
        fail(str(error))
        return
    write_counters = prepare(given.pid_file, given.statistics, relay.statistics)
    try:
        serve(relay, sources)
    except Stopped:
        write_counters()


def _relay(name: bytes, inject: Write, password_file: str, mac_age_s: float) -> Relay:
    if not password_file:
        return Relay(name, inject, mac_age_s=mac_age_s)
    from experiments.dataplanes.built.relays.sleeve_sealed import SealedRelay  # needs PyNaCl, which clear text does not

    return SealedRelay(name, inject, Path(password_file).read_text().strip(), mac_age_s=mac_age_s)


def _gossip(relay: Relay, address: str, peers: dict[bytes, str]) -> Gossip:
    relay.hops = {}
    return Gossip(relay.name, address, peers, lambda: [name for name, peer in relay.peers.items() if peer.path.established],
                  lambda hops: setattr(relay, "hops", hops))


if __name__ == "__main__":
    main()
