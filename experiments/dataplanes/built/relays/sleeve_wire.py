"""The bytes of Weave's sleeve: names, and the frames in a datagram.

Format of the clear text (weaveworks/weave router/frame_crypto.go): six bytes that name the sender, then for each frame
six bytes for the capturing peer, six for the destination peer, two for the length, and the Ethernet frame.
"""

from __future__ import annotations

NAME_BYTES = 6
FRAME_HEADER_BYTES = 2 * NAME_BYTES + 2
ETHERNET_BYTES = 14
UDP_IP_BYTES = 28
SEQUENCE_BYTES, TAG_BYTES = 8, 16  # only in the encrypted variant
# What a pod's packet grows by: IPv4, UDP, sender's name, one frame's header, Ethernet (62 bytes); encrypted 86.
OVERHEAD_BYTES = UDP_IP_BYTES + NAME_BYTES + FRAME_HEADER_BYTES + ETHERNET_BYTES
ENCRYPTED_OVERHEAD_BYTES = OVERHEAD_BYTES + SEQUENCE_BYTES + TAG_BYTES


class Rejected(Exception):
    """A datagram that is not what it should be. Its only argument is the name of the counter it belongs to."""


def name_bytes(text: str) -> bytes:
    """A peer name, written like a MAC address, as its six bytes.

    Raises:
        ValueError: it is not one; six zeros are none either.
    """
    name = bytes.fromhex(text.replace(":", ""))
    if len(name) != NAME_BYTES or name == bytes(NAME_BYTES):
        raise ValueError(f"'{text}' is not a peer name like 02:77:65:61:76:01")
    return name


def encode(source: bytes, destination: bytes, frame: bytes | bytearray | memoryview) -> bytes:
    """One frame as it stands in a datagram."""
    return b"".join((source, destination, len(frame).to_bytes(2, "big"), frame))
