"""Evidence that is missing, invented, or of something else: attestation, packet, labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hostile.forgery import raw
from hostile.submission import Case, Plain, Submission

BOTH = ("attestation_before", "attestation_after")


def _checks(s: Submission, name: str = "attestation_before") -> list[Plain]:
    found: list[Plain] = s.deployment()[name]
    return found


def _check(check: str, name: str = "attestation_before", **values: Any) -> Any:
    """Change one check of the attestation, on both sides alike unless said otherwise."""
    def changed(s: Submission) -> None:
        next(one for one in _checks(s, name) if one["check"] == check).update(values)
    return changed


def _both(check: str, value: str) -> Any:
    """Another value, expected and observed."""
    return _check(check, expected=value, observed=value)


def _without(*checks: str, names: tuple[str, ...] = BOTH) -> Any:
    def changed(s: Submission) -> None:
        for name in names:
            s.deployment()[name] = [one for one in _checks(s, name) if not one["check"].startswith(checks)]
    return changed


def _nothing(s: Submission) -> None:
    """An attestation that says nothing."""
    said = {"check": "all", "expected": "fine", "observed": "fine", "ok": True, "evidence": "look", "at": "node1"}
    for name in BOTH:
        s.deployment()[name] = [dict(said)]


ATTESTATION = (
    Case("no attestation before", "is missing; without it a deployment is not ok",
         lambda s: s.deployment().pop("attestation_before")),
    Case("no attestation after", "attestation_after: is missing; without it",
         lambda s: s.deployment().pop("attestation_after")),
    Case("an attestation that says nothing", "shows no signs of the mode on both nodes", _nothing),
    Case("an attestation without what every mode is asked", "lacks pod.ttl, which every mode is asked", _nothing, "quick"),
    Case("no signs of the mode", "shows no signs of the mode", _without("bgp.", "route.")),
    Case("signs on one node only", "shows no signs of the mode on both nodes", lambda s: [s.deployment().update({
        name: [c for c in _checks(s, name) if c["at"] != "node2"]}) for name in BOTH]),
    Case("signs before only", "attestation_after: shows no signs", _without("bgp.", "route.", names=BOTH[1:])),
    Case("other signs after than before", "looks at other signs than attestation_before",
         _without("route.gateway", names=BOTH[1:])),
    Case("no TTL", "lacks pod.ttl", _without("pod.ttl")),
    Case("no TTL after", "attestation_after: lacks pod.ttl", _without("pod.ttl", names=BOTH[1:])),
    Case("no MTU", "lacks mtu.fits", _without("mtu.fits")),
    Case("no larger packet", "lacks mtu.one_more", _without("mtu.one_more")),
    Case("another TTL than the mode's", "calico-bgp has \"62\"", _both("pod.ttl", "61")),
    Case("another TTL after", "calico-bgp has \"62\"", _check("pod.ttl", BOTH[1], expected="9", observed="9")),
    Case("a larger packet that passed", "calico-bgp has \"refused\"", _both("mtu.one_more", "answered")),
    Case("a full packet that did not pass", "calico-bgp has \"answered\"", _both("mtu.fits", "refused")),
    Case("a failed check called good", "expected and observed say otherwise", _check("route.device", observed="eth9")),
    Case("a good check called failed", "expected and observed say otherwise", _check("route.device", ok=False)),
    Case("a failed check in a deployment that counts", "the attestation does not hold (route.device)",
         _check("route.device", observed="eth9", ok=False)),
    Case("a check without a command", "says nothing: a check has what was expected", _check("route.device", evidence="")),
    Case("a check without an expectation", "says nothing: a check has what was expected",
         _check("route.device", expected="", observed="")),
    Case("a device of another kind", "flannel-vxlan has a device of kind vxlan", _both("device.kind", "dummy"), "quick"),
    Case("a TUN device called another", "flannel-udp has a device of kind tun", _both("device.kind", "veth"), "relay"),
    Case("a failed deployment with trials", "a deployment that is failed has no trials",
         lambda s: s.deployment().update(status="failed", reason="x")),
    Case("a reason beside ok", "only what is not ok has a reason", lambda s: s.deployment().update(reason="slow")),
    Case("a failure without a reason", "what is failed says why", lambda s: s.trial().update(status="failed")),
    Case("a failed trial with numbers", "a trial that is failed has no numbers",
         lambda s: s.trial().update(status="failed", reason="x")),
    Case("no word of what did the work", "a result says what did the work", lambda s: s.mode.pop("implementation")),
    Case("no data plane", "a result says what did the work", lambda s: s.mode["implementation"].pop("data plane")),
    Case("an empty control plane", "a result says what did the work",
         lambda s: s.mode["implementation"].update({"control plane": " "})),
)


# -- the packet -------------------------------------------------------------------------------------------------------


def _packet(s: Submission) -> Plain:
    found: Plain = s.deployment()["packet"]
    return found


def _hex(change: Callable[[str], str]) -> Any:
    return lambda s: _packet(s).update(hex=change(_packet(s)["hex"]))


def _byte(place: int, value: str) -> Any:
    """Another byte at a place of the frame."""
    return _hex(lambda text: text[:2 * place] + value + text[2 * place + 2:])


def _field(header: int, name: str, value: Any) -> Any:
    return lambda s: _packet(s)["headers"][header]["fields"].update({name: value})


def _header(header: int, **values: Any) -> Any:
    return lambda s: _packet(s)["headers"][header].update(values)


def _other_packet(*, attested: bool) -> Any:
    """A packet of the baseline, plain IP, in the place of the tunnel's; with its headers, and attested as such."""
    def changed(s: Submission) -> None:
        packet = _packet(s)
        inner = next(h for h in packet["headers"][1:] if h["layer"] == "ethernet")
        at = inner["offset_bytes"]
        packet["hex"] = packet["hex"][2 * at:] + "00" * at
        packet["frame_bytes"] -= at
        rest = packet["headers"][packet["headers"].index(inner):]
        packet["headers"] = [{**h, "offset_bytes": h["offset_bytes"] - at} for h in rest]
        if attested:
            stack = " | ".join(f"{h['layer']} {h['length_bytes']}" for h in packet["headers"])
            _check("packet.headers", expected=stack, observed=stack)(s)
            _without("packet.2", "packet.3", "packet.4", "packet.5", "packet.6", "packet.7")(s)
    return changed


BYTES = "the bytes say"
PACKETS = (
    Case("no packet", "without a captured packet a deployment is not ok", lambda s: s.deployment().pop("packet")),
    Case("no packet in the last deployment", "deployments[5].packet: is missing",
         lambda s: s.deployment(5).pop("packet"), "standard"),
    Case("bytes all zero", "the bytes show ethernet", _hex(lambda text: "00" * (len(text) // 2))),
    Case("no bytes", "holds 0 bytes; wanted: 160", _hex(lambda text: "")),
    Case("bytes cut short", "holds 60 bytes; wanted: 160", _hex(lambda text: text[:120])),
    Case("bytes all ones", "the bytes show ethernet", _hex(lambda text: "ff" * (len(text) // 2))),
    Case("another source in the bytes", BYTES, _byte(29, "63")),
    Case("another TTL in the bytes", BYTES, _byte(22, "20")),
    Case("another port in the bytes", BYTES, _byte(37, "00")),
    Case("another protocol in the bytes", "layer = \"tcp\": the bytes say \"udp\"", _byte(23, "11")),
    Case("a longer header in the bytes", "length_bytes = 20: the bytes say 60", _byte(14, "4f")),
    Case("no IPv4 in the bytes", "cannot be decoded: These bytes do not begin an IPv4 packet", _byte(14, "00")),
    Case("another VNI in the bytes", BYTES, _byte(48, "07"), "quick"),
    Case("another source in the fields", BYTES, _field(1, "source", "172.31.0.9")),
    Case("another TTL in the fields", BYTES, _field(1, "ttl", 255)),
    Case("a field that the header has not", "the bytes say \"nothing of it\"", _field(2, "urgent", True)),
    Case("a field left out", BYTES, lambda s: _packet(s)["headers"][1]["fields"].pop("ttl")),
    Case("a text for true", BYTES, _field(1, "df", "true")),
    Case("a header left out", "the bytes show ethernet", lambda s: _packet(s)["headers"].pop()),
    Case("headers left out", "headers: are 0; the bytes show", lambda s: _packet(s).pop("headers")),
    Case("a header invented", "the bytes show ethernet", lambda s: _packet(s)["headers"].append(
        {"layer": "vxlan", "offset_bytes": 66, "length_bytes": 8, "fields": {"vni": 1}})),
    Case("a layer renamed", BYTES, _header(2, layer="udp")),
    Case("a header longer than it is", BYTES, _header(1, length_bytes=24)),
    Case("a header elsewhere", BYTES, _header(2, offset_bytes=36)),
    Case("a longer frame", "the outer IPv4 header makes it 1514", lambda s: _packet(s).update(frame_bytes=9014)),
    Case("a shorter frame", "the outer IPv4 header makes it", lambda s: _packet(s).update(frame_bytes=700)),
    Case("the baseline's packet for the tunnel's", "flannel-vxlan declares", _other_packet(attested=True), "quick"),
    Case("the baseline's packet beside the tunnel's attestation", "the packet's bytes say",
         _other_packet(attested=False), "quick"),
    Case("headers that were not compared", "lacks packet.headers, which calico-bgp declares",
         _without("packet.", names=BOTH[:1])),
    Case("one field that was not compared", "lacks packet.2.ipv4.ttl", _without("packet.2.ipv4.ttl", names=BOTH[:1])),
    Case("a packet check about another packet", "the packet's bytes say", _both("packet.2.ipv4.ttl", "64")),
    Case("an expectation of one's own", "the packet's bytes say",
         _both("packet.headers", "ethernet 14 | ipv4 20 | tcp 32 | x 1")),
    Case("another port attested", "the packet's bytes say", _both("packet.3.udp.destination_port", "4789"), "quick"),
)

# -- labels -----------------------------------------------------------------------------------------------------------


def _label(**values: str) -> Any:
    """Another lab, kernel or daemon, in the file, its name and the plan."""
    def changed(s: Submission) -> None:
        s.write()
        old = s.folder / s.mode_name
        s.mode.update(values)
        for cell in s.campaign["plan"]:
            cell.update(values)
        parts = [s.mode["mode"], s.mode["lab"], s.mode["kernel"], s.mode.get("daemon", "")]
        usual = ("", "netns", "host", "")
        s.mode_name = "@".join(part for part, common in zip(parts, usual, strict=True) if part != common) + ".yml"
        old.rename(s.folder / s.mode_name)
        s.reckon()
    return changed


def _renamed(mode: str) -> Any:
    """The result of one mode under the name of another."""
    def changed(s: Submission) -> None:
        s.write()
        old, s.mode_name = s.folder / s.mode_name, s.mode_name.replace(s.mode["mode"], mode)
        s.mode["mode"] = mode
        for cell in s.campaign["plan"]:
            cell["mode"] = mode
        old.rename(s.folder / s.mode_name)
    return changed


LABELS = (
    Case("User-Mode Linux as the host's kernel", "the host's kernel is", _label(kernel="host"), "standard"),
    Case("the host's kernel as User-Mode Linux", "User-Mode Linux is", _label(kernel="uml")),
    Case("User-Mode Linux's link as the host's", "the protocol has 1000000000 on this kernel",
         _label(kernel="host"), "standard"),
    Case("the embedded lab as kind", "'node image' is not told under implementation", _label(lab="kind")),
    Case("the embedded lab as a cluster", "'machine of node1' is not told under implementation", _label(lab="cluster")),
    Case("User-Mode Linux as a cluster", "'machine of node1' is not told", _label(kernel="host", lab="cluster"), "standard"),
    Case("the embedded lab as containerlab", "`ip netns add underlay` was typed; the lab netns types it",
         _label(lab="containerlab")),
    Case("a kind result as the embedded lab's", "'node image' is told under implementation",
         lambda s: s.mode["implementation"].update({"node image": "kindest/node"})),
    Case("a cluster's machines in the embedded lab", "'machine of node1' is told",
         lambda s: s.mode["implementation"].update({"machine of node1": "big"})),
    Case("a transcript without the lab", "`ip netns add underlay` was not typed", lambda s: s.mode.pop("transcript")),
    Case("our entries as upstream's daemon", "the control plane was", _label(daemon="upstream"), "quick"),
    Case("our relay as upstream's daemon", "the control plane was", _label(daemon="upstream"), "relay"),
    Case("upstream's daemon as ours", "daemon: the control plane was",
         lambda s: s.mode["implementation"].update({"control plane": "flanneld 0.28.9, etcd 3.5"}), "quick"),
    Case("a tunnel called another mode", "weave-fastdp declares", _renamed("weave-fastdp"), "quick"),
    Case("plain routing called a tunnel", "calico-ipip declares", _renamed("calico-ipip")),
    Case("a relay called the kernel's tunnel", "flannel-vxlan declares", _renamed("flannel-vxlan"), "relay"),
    Case("a mode called its own variant", "weave-sleeve-pcap declares", _renamed("weave-sleeve-pcap"), "relay"),
    Case("another kernel in the environment", "the host's kernel is", lambda s: s.campaign["host"].update(kernel="5.15.0")),
    Case("no kernel in the environment", "the host's kernel is not told", lambda s: s.campaign["host"].pop("kernel")),
    Case("another kernel in a tool's output", "is the output of another trial: it ran on Linux 6.1.0",
         raw("speed", lambda c: c["start"].update(system_info="Linux - 6.1.0 #1 SMP x86_64"))),
    Case("a tool's output without its kernel", "does not say on which kernel it ran",
         raw("speed", lambda c: c["start"].pop("system_info"))),
    Case("another User-Mode Linux", "User-Mode Linux is 5.10.1",
         lambda s: s.campaign["software"].update({"linux.uml": "5.10.1"}), "standard"),
    Case("the baseline's output for the mode's", "the pods are", raw("speed", lambda c: c["start"]["connected"][0].update(
        local_host="172.31.0.1", remote_host="172.31.0.2"))),
    Case("the mode's output for the baseline's", "a baseline is between nodes",
         raw("speed", lambda c: c["start"]["connected"][0].update(local_host="192.168.1.2", remote_host="192.168.2.2"),
             "host-host")),
    Case("between other pods", "the pods are",
         raw("wire", lambda c: c["start"]["connected"][0].update(remote_host="192.168.9.9"))),
)

# -- provenance -------------------------------------------------------------------------------------------------------


def _reference(s: Submission) -> None:
    s.campaign.update(purpose="reference")
    s.campaign["generator"].update(dirty=False)


PROVENANCE = (
    Case("a stranger's reference", "no maintainer has signed it off", _reference, "standard"),
    Case("a reference by one deployment", "a reference has 6 or more", _reference),
    Case("a reference from a changed checkout", "a reference comes from a clean checkout",
         lambda s: (_reference(s), s.campaign["generator"].update(dirty=True)), "standard"),
    Case("a reference without a commit", "a reference comes from a checkout",
         lambda s: (_reference(s), s.campaign["generator"].pop("commit")), "standard"),
)

CASES = (*ATTESTATION, *PACKETS, *LABELS, *PROVENANCE)
