"""The catalogue of modes: reads and checks ``experiments/modes/<mode>/mode.yml``.

A mode is data. Adding one is a folder with a ``mode.yml`` (and, if its data plane is new, a recipe): there is no list
elsewhere to edit. The dataclasses below are the format: a key that they lack is an error, a missing one too unless
it has a default.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from experiments.errors import UserError

MODES = Path(__file__).resolve().parent / "modes"

KernelFeature = Literal["veth", "bridge", "ipv4-forwarding", "vxlan", "ipip", "tun", "openvswitch", "packet-socket"]
Tool = Literal[
    "ip", "bridge", "ping", "iperf3", "sockperf", "ethtool", "bird", "ovs-dpctl", "tc", "unshare", "nsenter"
]
Place = Literal["client pod", "client node", "client ToR", "wire", "server ToR", "server node", "server pod"]


@dataclass(frozen=True)
class Cni:
    """The product a mode belongs to."""

    name: str
    title: str
    upstream: str  # version that the page speaks of
    maintenance: str  # one sentence


@dataclass(frozen=True)
class UnderlayNeeds:
    """How the nodes are joined: one Ethernet segment, or a routed fabric; and who else must be there."""

    kind: Literal["l2", "routed"]
    routers: tuple[str, ...] = ()  # rr1, rr2: route reflectors; tor1, tor2: top-of-rack routers


@dataclass(frozen=True)
class Encapsulation:
    """What is put around a pod's packet between nodes, and who does it."""

    name: Literal["none", "ipip", "vxlan", "udp", "sleeve"]
    title: str
    handled_in: Literal["kernel", "user"]
    outer: str = ""  # outer protocol and port in words


@dataclass(frozen=True)
class Mtu:
    """The largest IP packet a pod may send, and that of the underlay (bytes)."""

    pod_bytes: int
    underlay_bytes: int = 1500
    rule: str = ""


@dataclass(frozen=True)
class DeclaredHeader:
    """One header of a full-size TCP packet between nodes, outermost first; a capture is compared with ``fields``."""

    layer: str
    bytes: int
    title: str
    fields: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class ControlPlane:
    """Who tells a node where a pod is."""

    title: str
    protocol: str
    sessions: str  # for n nodes, in words or as a formula


@dataclass(frozen=True)
class Needs:
    """What a machine must have to build the mode."""

    kernel: tuple[KernelFeature, ...]
    tools: tuple[Tool, ...]


@dataclass(frozen=True)
class Hop:
    """One station of the packet's path from the client's pod to the server's."""

    at: Place
    device: str
    does: str
    space: Literal["kernel", "user"] = "kernel"
    mtu_bytes: int | None = None
    headers: str = ""  # the header stack as the packet leaves this hop, outermost first: "IP | UDP | IP"


@dataclass(frozen=True)
class Source:
    """Where a statement comes from: a file of a project at a version, an RFC, a page."""

    title: str
    where: str
    version: str = ""
    url: str = ""


@dataclass(frozen=True)
class Mode:
    """One way of one CNI to move packets between nodes."""

    name: str
    title: str
    short_title: str
    summary: str
    cni: Cni
    dataplane: str  # module in experiments.dataplanes
    underlay: UnderlayNeeds
    encapsulation: Encapsulation
    mtu: Mtu
    headers: tuple[DeclaredHeader, ...]
    ttl_at_pod: int  # of a packet that a pod sent with 64
    control_plane: ControlPlane
    needs: Needs
    path: tuple[Hop, ...]
    sources: tuple[Source, ...]
    relay: bool = False  # every packet passes a process of ours: measured on the host's kernel only
    architectures: tuple[str, ...] = ()  # of upstream's own implementation; empty: all
    history: tuple[str, ...] = ()  # earlier defaults, one sentence each
    caveats: tuple[str, ...] = ()

    @property
    def overhead_bytes(self) -> int:
        """What stands on the wire between the Ethernet header and the pod's own IP packet."""
        layers = [header.layer for header in self.headers]
        inner = len(layers) - 1 - layers[::-1].index("ipv4")
        return sum(header.bytes for header in self.headers[1:inner])


def get(name: str) -> Mode:
    """The mode of that name.

    Raises:
        UserError: there is none; the message names the closest one and all of them.
    """
    modes = load()
    if name in modes:
        return modes[name]
    close = difflib.get_close_matches(name, modes, n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise UserError(f"Unknown mode '{name}'.{meant}", f"Modes: {', '.join(modes)}.")


def load(folder: Path = MODES) -> dict[str, Mode]:
    """All modes by name, in the order of their names.

    Raises:
        UserError: a ``mode.yml`` is broken; the message names file, line and key.
    """
    return dict(_load(folder))


@cache
def _load(folder: Path) -> Mapping[str, Mode]:
    return {path.parent.name: read(path) for path in sorted(folder.glob("*/mode.yml"))}


def read(path: Path) -> Mode:
    """Read and check one ``mode.yml``.

    Raises:
        UserError: it is not valid YAML or not a valid mode.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise UserError(f"{path}:{line}: this is not valid YAML: {getattr(error, 'problem', error)}.") from None
    mode: Mode = _Reader(path).value(root, Mode, "")
    if mode.name != path.parent.name:
        raise UserError(f"{path}: name is '{mode.name}', the folder is '{path.parent.name}'; they must be equal.")
    if "ipv4" not in [header.layer for header in mode.headers]:
        raise UserError(f"{path}: headers has no ipv4 layer; the pod's own packet must be among them.")
    return mode


class _Reader:
    """Turns YAML nodes into the dataclasses above, so that every message can name a line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def value(self, node: yaml.Node | None, wanted: Any, key: str) -> Any:
        origin = typing.get_origin(wanted)
        if dataclasses.is_dataclass(wanted):
            return self._object(node, typing.cast(type, wanted), key)
        if origin is tuple:
            if not isinstance(node, yaml.SequenceNode):
                raise self._error(node, key, "must be a list")
            inner = typing.get_args(wanted)[0]
            return tuple(self.value(item, inner, f"{key}[{i}]") for i, item in enumerate(node.value))
        if origin is Mapping or typing.get_origin(wanted) is typing.get_origin(Mapping[str, str]):
            if not isinstance(node, yaml.MappingNode):
                raise self._error(node, key, "must be a mapping")
            return {str(k.value): self._scalar(v, f"{key}.{k.value}") for k, v in node.value}
        if origin in (typing.Union, types.UnionType):
            options = [option for option in typing.get_args(wanted) if option is not type(None)]
            return self.value(node, options[0], key)
        value = self._scalar(node, key)
        if origin is Literal:
            allowed = typing.get_args(wanted)
            if value not in allowed:
                raise self._error(node, key, f"is {value!r}; allowed: {', '.join(map(str, allowed))}")
            return value
        if type(value) is not wanted:
            raise self._error(node, key, f"is {value!r}, a {type(value).__name__}; a {wanted.__name__} is wanted")
        return value

    def _scalar(self, node: yaml.Node | None, key: str) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, key, "must be a single value")
        return yaml.SafeLoader("").construct_object(node)

    def _object(self, node: yaml.Node | None, wanted: type, key: str) -> Any:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, key, "must be a mapping")
        hints = typing.get_type_hints(wanted)
        fields = {f.name: f for f in dataclasses.fields(wanted)}
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            name, full = str(key_node.value), f"{key}.{key_node.value}".lstrip(".")
            if name not in fields:
                close = difflib.get_close_matches(name, fields, n=1)
                meant = f" (did you mean {close[0]}?)" if close else ""
                raise self._error(key_node, full, f"is not a key here{meant}; allowed: {', '.join(fields)}")
            if name in values:
                raise self._error(key_node, full, "stands here twice")
            values[name] = self.value(value_node, hints[name], full)
        for name, described in fields.items():
            optional = described.default is not dataclasses.MISSING
            if name not in values and not optional and described.default_factory is dataclasses.MISSING:
                raise self._error(node, f"{key}.{name}".lstrip("."), "is missing")
        return wanted(**values)

    def _error(self, node: yaml.Node | None, key: str, what: str) -> UserError:
        line = node.start_mark.line + 1 if node is not None else 1
        return UserError(f"{self.path}:{line}: {key or 'the file'} {what}.", "The format is in experiments/catalog.py.")
