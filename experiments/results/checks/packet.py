"""The captured packet, decoded again from its bytes: it is what the file says, and what the attestation says of it."""

from __future__ import annotations

from typing import Any

from experiments.catalog import Mode, limits
from experiments.evidence import Check, Header, Packet
from experiments.labs.table import LABS
from experiments.probes import decode
from experiments.probes.errors import DecodeError
from experiments.results.checks.report import File
from experiments.results.model import Deployment, ModeResult
from experiments.results.plain import Key, shown

KEPT_BYTES = 160
# Not known to the file: what the lab's own names stand for. The two sides of the check must agree with the bytes all the same.
PLACEHOLDER = "{"


def check(file: File[ModeResult], value: ModeResult, mode: Mode) -> None:
    """The packet of every deployment, and that those that count have one where a packet could be captured."""
    lab = LABS[value.lab]
    for d, deployment in enumerate(value.deployments):
        key: Key = ("deployments", d, "packet")
        if deployment.packet is None:
            if deployment.status == "ok" and not _may_be_absent(value, mode):
                file.error(key, "is missing; without a captured packet a deployment is not ok")
            continue
        found = decoded(file, key, deployment.packet)
        if found is not None and deployment.status == "ok":
            _attested(file, d, deployment, found, mode, sizes=lab.sizes_of_catalogue)


def _may_be_absent(value: ModeResult, mode: Mode) -> bool:
    """Somebody's nodes may have refused to be looked at, and sealed packets are not told from others' there."""
    return LABS[value.lab].foreign and (mode.password or "not looked at" in value.implementation)


def decoded(file: File[Any], key: Key, packet: Packet) -> tuple[Header, ...] | None:
    """The headers that the bytes show; None where they are none, or others than the file says."""
    content = bytes.fromhex(packet.hex)
    if len(content) != min(KEPT_BYTES, packet.frame_bytes):
        file.error((*key, "hex"), f"holds {len(content)} bytes; wanted: {min(KEPT_BYTES, packet.frame_bytes)}")
        return None
    try:
        found = decode.decode(content)
    except DecodeError as error:
        file.error((*key, "hex"), f"cannot be decoded: {str(error).rstrip('.')}")
        return None
    if len(packet.headers) != len(found):
        file.error((*key, "headers"), f"are {len(packet.headers)}; the bytes show {' | '.join(h.layer for h in found)}")
        return None
    same = True
    for h, (written, header) in enumerate(zip(packet.headers, found, strict=True)):
        here = (*key, "headers", h)
        for name in ("layer", "offset_bytes", "length_bytes"):
            if getattr(written, name) != getattr(header, name):
                file.error((*here, name), f"the bytes say {shown(getattr(header, name))}")
                same = False
        for name in dict.fromkeys((*header.fields, *written.fields)):
            ours, theirs = header.fields.get(name), written.fields.get(name)
            if ours != theirs or type(ours) is not type(theirs):  # 1 is not true
                file.error((*here, "fields", name), f"the bytes say {shown('nothing of it' if ours is None else ours)}")
                same = False
    outer = next((h for h in found if h.layer == "ipv4"), None)
    if outer is not None:
        length = int(outer.fields["length_bytes"]) + limits.ETHERNET_HEADER_BYTES
        if packet.frame_bytes != length:
            file.error((*key, "frame_bytes"), f"the outer IPv4 header makes it {length}")
            same = False
    return found if same else None


def _attested(
    file: File[ModeResult], d: int, deployment: Deployment, decoded: tuple[Header, ...], mode: Mode, *, sizes: bool
) -> None:
    """The attestation compares the same headers with the mode's, all of them, by what the bytes say.

    ``sizes``: the mode's lengths and times to live are those of the catalogue, which somebody's cluster may have changed.
    """
    checks = {check.check: (c, check) for c, check in enumerate(deployment.attestation_before)}
    for wanted in decode.compare(decoded, mode.headers, _Names(), at=""):
        c, written = checks.get(wanted.check, (-1, None))
        if written is None:
            # Where lengths may differ, so may what is compared of them (experiments/catalog/sizes.py).
            if sizes or wanted.check == "packet.headers":
                file.error(("deployments", d, "attestation_before"), f"lacks {wanted.check}, which {mode.name} declares")
            continue
        here: Key = ("deployments", d, "attestation_before", c)
        if written.observed != wanted.observed:
            file.error((*here, "observed"), f"the packet's bytes say {shown(wanted.observed)}")
        if _fixed(wanted, sizes=sizes) and written.expected != wanted.expected:
            file.error((*here, "expected"), f"{mode.name} declares {shown(wanted.expected)}")


def _fixed(wanted: Check, *, sizes: bool) -> bool:
    return wanted.check == "packet.headers" or (sizes and PLACEHOLDER not in wanted.expected)


class _Names(dict[str, str]):
    """Leaves every placeholder of a declaration as it is."""

    def __missing__(self, name: str) -> str:
        return f"{PLACEHOLDER}{name}}}"
