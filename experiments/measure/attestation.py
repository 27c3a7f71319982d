"""The proof that a mode is in force: its particular signs, and what every mode must show on the wire and at the pod."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from experiments.catalog import Mode, limits
from experiments.dataplanes.recipe import Recipe, expect
from experiments.evidence import Check, Packet
from experiments.labs.base import Lab, run
from experiments.probes import capture, checksums, decode, iperf3, mtu

POD_DEVICE = "eth0"  # as every CNI names it
CAPTURED_TRANSFER_BYTES = 2_000_000
# Where segmentation stays as it is, writes of one segment each, so slowly that no two of them meet on the way down.
PACED_TRANSFER_BYTES = 200_000
PACED_BPS = 2_000_000


def full(lab: Lab, recipe: Recipe, mode: Mode) -> tuple[list[Check], Packet | None]:
    """Everything: the recipe's signs, TTL and MTU at the pod, a full-size packet compared with the declared headers.

    No packet where the lab was refused the nodes' own network, or where it is somebody else's and the packets are sealed:
    ours could not be told from others' there.
    """
    client, server = recipe.pods[0], recipe.pods[1]
    unseen = lab.refused or (lab.foreign and mode.password)
    packet, sums = (None, []) if unseen else _capture(lab, recipe, mode)
    checks = signs(lab, recipe, mode)
    checks += sums
    checks += mtu.mtu_checks(lab, client.name, server.address, mode.mtu.pod_bytes)
    if packet is not None:
        checks += decode.compare(packet.headers, mode.headers, recipe.names(), at=packet.at)
    return checks, packet


def signs(lab: Lab, recipe: Recipe, mode: Mode) -> list[Check]:
    """What can change while a mode runs: its particular signs, and the TTL as the sign that the path is the same."""
    client, server = recipe.pods[0], recipe.pods[1]
    return [*recipe.attest(), mtu.ttl_check(lab, client.name, server.address, mode.ttl_at_pod)]


def _capture(lab: Lab, recipe: Recipe, mode: Mode) -> tuple[Packet, list[Check]]:
    """A full-size packet between the first two nodes, as it stands on the underlay; that its checksums are good.

    Segmentation and the offload of checksums are switched off meanwhile, so that what is captured is what a network card would
    send. Where devices are somebody else's nothing is switched, and checksums may be left to a card.
    """
    if lab.foreign:
        return _paced_capture(lab, recipe, mode), []
    node = lab.nodes[0]
    client, server = recipe.pods[0], recipe.pods[1]
    set_segmentation(lab, on=False)
    left_to_cards = [one for one in ((node.name, node.device), (client.name, POD_DEVICE)) if _leaves_checksums(lab, *one)]
    _leave_checksums(lab, left_to_cards, on=False)
    try:
        with capture.on(lab, node.name, node.device) as running:
            iperf3.run_tcp(lab, client.name, server.name, server.address, size_bytes=CAPTURED_TRANSFER_BYTES)
        frame = running.full_size()
    finally:
        _leave_checksums(lab, left_to_cards, on=True)
        set_segmentation(lab, on=True)
    packet = _packet(node.name, frame)
    observed = checksums.told(frame, packet.headers)
    return packet, [expect("packet.checksums", node.name, checksums.GOOD, observed, "the captured packet")]


def _leaves_checksums(lab: Lab, place: str, device: str) -> bool:
    """Whether a device leaves the checksums of what it sends to a card."""
    said = run(lab, place, ["ethtool", "-k", device], check=False, record=False).stdout
    return re.search(r"^tx-checksumming: on", said, re.MULTILINE) is not None


def _leave_checksums(lab: Lab, devices: Sequence[tuple[str, str]], *, on: bool) -> None:
    for place, device in devices:
        run(lab, place, ["ethtool", "-K", device, "tx", "on" if on else "off"], record=False)


def _paced_capture(lab: Lab, recipe: Recipe, mode: Mode) -> Packet:
    """The same on a device that is not ours: nothing is switched, and nobody else's frame is written down."""
    node = lab.nodes[0]
    client, server = recipe.pods[0], recipe.pods[1]
    ours = b"".join(ipaddress.IPv4Address(pod.address).packed for pod in (client, server))  # as they follow in IPv4's header
    with capture.on(lab, node.name, node.device, ours) as running:
        iperf3.run_tcp(lab, client.name, server.name, server.address, size_bytes=PACED_TRANSFER_BYTES,
                       offered_bps=PACED_BPS, write_bytes=limits.limit(mode).payload_bytes)
    return _packet(node.name, running.full_size(most_bytes=mode.mtu.underlay_bytes + limits.ETHERNET_HEADER_BYTES))


def _packet(at: str, frame: bytes) -> Packet:
    return Packet(at, len(frame), decode.decode(frame), hex=frame[:160].hex())


def set_segmentation(lab: Lab, *, on: bool, pods: Sequence[str] = ()) -> None:
    """Let the underlay's devices, and those of the named pods, carry super-packets, or one packet a frame as a wire does."""
    state = "on" if on else "off"
    for place, device in [*((node.name, node.device) for node in lab.nodes), *((pod, POD_DEVICE) for pod in pods)]:
        run(lab, place, ["ethtool", "-K", device, "tso", state, "gso", state, "gro", state])
