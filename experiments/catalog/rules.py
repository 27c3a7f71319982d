"""What a ``mode.yml`` must obey beyond the types of its keys: known names, and sizes that add up.

A header stack that contradicts the MTU, or a field that no decoder gives, would only be noticed when an experiment
compares it with a captured packet. Here it is noticed when the file is read, with its line.
"""

from __future__ import annotations

import string
from collections.abc import Mapping

from experiments.catalog.model import CAVEATS, Layer, Mode
from experiments.typed_yaml import KINDS, Document

# The fields that a captured header has (experiments.probes.decode), and what kind of value each holds.
HEADER_FIELDS: Mapping[Layer, Mapping[str, type]] = {
    "ethernet": {"destination": str, "source": str, "type": int},
    "ipv4": {"version": int, "length_bytes": int, "df": bool, "ttl": int, "protocol": int, "source": str,
             "destination": str},
    "udp": {"source_port": int, "destination_port": int, "length_bytes": int, "checksum_zero": bool},
    "vxlan": {"vni": int},
    "sleeve": {"sender": str, "source_peer": str, "destination_peer": str, "frame_bytes": int},
    "sealed": {"sender": str, "df": bool},
    "sealed-frame": {},  # cannot be seen: nothing behind it is compared with a capture
    "tcp": {"source_port": int, "destination_port": int},
}
# What a recipe fills in (experiments.dataplanes.recipe.Recipe.names).
PLACEHOLDERS = ("client_node", "server_node", "client_pod", "server_pod", "client_peer", "server_peer", "tunnel_id")
# Header sizes that no mode varies: RFC 894, RFC 791, RFC 768, RFC 7348; TCP with the timestamps option, RFC 7323.
HEADER_BYTES: Mapping[Layer, int] = {"ethernet": 14, "ipv4": 20, "udp": 8, "vxlan": 8, "tcp": 32}


def check(mode: Mode, document: Document, name: str) -> None:
    """Check one mode that was read from ``document``, whose place says that its name must be ``name``.

    Raises:
        UserError: a rule is broken; the message names file, line, key and what is wanted.
    """
    if mode.name != name:
        raise document.error(f"is '{mode.name}'; its place in the catalogue says '{name}'", "name")
    _layers(mode, document)
    for number in range(len(mode.headers)):
        _header(mode, document, number)
    _sizes(mode, document)
    _path(mode, document)
    user = mode.encapsulation.handled_in == "user"
    if mode.relay != user:
        raise document.error(f"is {str(mode.relay).lower()}; encapsulation.handled_in says "
                             f"{mode.encapsulation.handled_in}, so {str(user).lower()} is wanted", "relay")
    assert set(mode.caveats) <= set(CAVEATS)


def _layers(mode: Mode, document: Document) -> None:
    layers = [header.layer for header in mode.headers]
    if layers[:2] != ["ethernet", "ipv4"] or layers[-2:] != ["ipv4", "tcp"]:
        raise document.error(f"is {' | '.join(layers) or 'empty'}; it must begin with ethernet | ipv4 and end with "
                             "ipv4 | tcp", "headers")


def _header(mode: Mode, document: Document, number: int) -> None:
    header = mode.headers[number]
    at = ("headers", number)
    size = HEADER_BYTES.get(header.layer, header.bytes)
    if header.bytes != size:
        raise document.error(f"is {header.bytes}; a header of layer {header.layer} has {size}", *at, "bytes")
    known = HEADER_FIELDS[header.layer]
    for name, value in header.fields.items():
        if name not in known:
            raise document.error(f"is not a field of {header.layer}; allowed: {', '.join(known)}", *at, "fields", name)
        named = isinstance(value, str) and _placeholders(document, value, *at, "fields", name)
        if type(value) is not known[name] and not named:
            raise document.error(f"is {value!r}; {KINDS[known[name]]} is wanted", *at, "fields", name)


def _placeholders(document: Document, text: str, *keys: str | int) -> bool:
    """Whether the text has placeholders, all of which must be known."""
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise document.error(f"is {text!r}: {error}", *keys) from None
    unknown = [name for name in names if name not in PLACEHOLDERS]
    if unknown:
        raise document.error(f"is {text!r}; allowed in braces: {', '.join(PLACEHOLDERS)}", *keys)
    return bool(names)


def _sizes(mode: Mode, document: Document) -> None:
    """Every length that a header declares must follow from the pod's MTU and the headers inside it."""
    if mode.encapsulation.overhead_bytes != mode.overhead_bytes:
        raise document.error(f"is {mode.encapsulation.overhead_bytes}; the headers add up to {mode.overhead_bytes}",
                             "encapsulation", "overhead_bytes")
    for number, header in enumerate(mode.headers):
        between = sum(inner.bytes for inner in mode.headers[number:mode.pod_packet])
        if number <= mode.pod_packet and "length_bytes" in header.fields:
            wanted = mode.mtu.pod_bytes + between
            if header.fields["length_bytes"] != wanted:
                raise document.error(
                    f"is {header.fields['length_bytes']}; mtu.pod_bytes and the headers inside give {wanted}",
                    "headers", number, "fields", "length_bytes")
    room = mode.mtu.underlay_bytes - mode.overhead_bytes
    if mode.mtu.pod_bytes > room:
        raise document.error(f"is {mode.mtu.pod_bytes}; the underlay leaves room for {room}", "mtu", "pod_bytes")


def _path(mode: Mode, document: Document) -> None:
    places = [hop.at for hop in mode.path]
    if len(places) < 2 or places[0] != "client pod" or places[-1] != "server pod":
        raise document.error("must lead from the client pod to the server pod", "path")
    if ("user" in [hop.space for hop in mode.path]) != (mode.encapsulation.handled_in == "user"):
        raise document.error(f"must agree with encapsulation.handled_in, {mode.encapsulation.handled_in}: only there "
                             "hops in user space stand", "path")
    _ttl(mode, document)


def _ttl(mode: Mode, document: Document) -> None:
    """The pod's TTL along the path never grows, and is what the captured packet and the pod at the end have."""
    sent = mode.headers[mode.pod_packet].fields.get("ttl")
    captured = max(place for place, hop in enumerate(mode.path) if hop.at in ("client pod", "client node"))
    wanted = {captured: sent, len(mode.path) - 1: mode.ttl_at_pod}
    before = 64
    for place, hop in enumerate(mode.path):
        if hop.ttl is None:
            continue
        if hop.ttl > before or hop.ttl != (wanted.get(place) or hop.ttl):
            raise document.error(f"is {hop.ttl}; {wanted.get(place) or f'at most {before}'} is wanted: no hop adds to it, the "
                                 f"headers say {sent} between the nodes, ttl_at_pod {mode.ttl_at_pod}", "path", place, "ttl")
        before = hop.ttl
