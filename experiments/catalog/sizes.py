"""A mode where its sizes are not those of ``mode.yml``: on another underlay, or with another MTU that the CNI was given.

``mode.yml`` speaks of an underlay of 1500 bytes. On a cluster with another one, everything that a header says of lengths
follows from the pod's packet, as :mod:`experiments.catalog.rules` demands of the file itself. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from experiments.catalog import DeclaredHeader, Mode
from experiments.errors import ExperimentFailed

LENGTHS = ("length_bytes", "frame_bytes")  # the fields of headers that grow with the pod's packet, byte for byte
SMALLEST_BYTES = 576  # RFC 1122 section 3.3.2: what every host must take; no pod has less
LARGEST_BYTES = 65535  # RFC 791: the length field of the header


def with_pod_mtu(mode: Mode, pod_bytes: int, underlay_bytes: int) -> Mode:
    """The mode with pods of another MTU: the declared lengths follow.

    Raises:
        ExperimentFailed: a packet of that size does not fit the underlay in one piece.
    """
    if pod_bytes == mode.mtu.pod_bytes and underlay_bytes == mode.mtu.underlay_bytes:
        return mode
    room = underlay_bytes - mode.overhead_bytes
    if not SMALLEST_BYTES <= pod_bytes <= min(room, LARGEST_BYTES):
        raise ExperimentFailed(
            f"Pods of MTU {pod_bytes} do not fit an underlay of {underlay_bytes} in one piece: {mode.title} leaves room for "
            f"{room}.", "Every full packet would be fragmented or lost; mend the CNI's MTU first.")
    change = pod_bytes - mode.mtu.pod_bytes
    headers = tuple(_with(header, {name: value + change for name, value in header.fields.items()
                                   if name in LENGTHS and isinstance(value, int)})
                    for header in mode.headers)
    return replace(mode, headers=headers, mtu=replace(mode.mtu, pod_bytes=pod_bytes, underlay_bytes=underlay_bytes))


def with_fields(mode: Mode, changed: Mapping[str, Mapping[str, str | int | bool]]) -> Mode:
    """The mode with other values in declared headers: layer -> field -> value, in every header of the layer that has it."""
    headers = tuple(_with(header, {name: value for name, value in changed.get(header.layer, {}).items()
                                   if name in header.fields})
                    for header in mode.headers)
    return replace(mode, headers=headers)


def without_field(mode: Mode, layer: str, name: str) -> Mode:
    """The mode without a field in the declared headers of a layer, whose value nobody can tell: it is not compared."""
    return replace(mode, headers=tuple(
        replace(header, fields={key: value for key, value in header.fields.items() if key != name})
        if header.layer == layer else header for header in mode.headers))


def _with(header: DeclaredHeader, changed: Mapping[str, str | int | bool]) -> DeclaredHeader:
    return replace(header, fields={**header.fields, **changed}) if changed else header
