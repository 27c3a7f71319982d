"""Which mode of the catalogue a cluster runs: from the CNI's objects, and from links and routes where they could be seen.

A pure function over evidence that was collected before. What a mode looks like is not written here: it is in the
catalogue (``mode.yml``: ``cni``, ``encapsulation``, ``signs``; ``kind.yml``: who peers with whom), and how a CNI's own
evidence is read stands in that CNI's file. What could not be seen contradicts nothing; what was seen and differs excludes
a mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.catalog import Mode
from experiments.dataplanes.found.cni import Cni, Evidence, Features, link_kind

# Daemon sets of other CNIs, by the names in their makers' manifests: they explain why a cluster is none of ours.
OTHERS = {"cilium": "Cilium", "canal": "Canal (Flannel's packets, Calico's policies)", "kube-router": "kube-router",
          "antrea-agent": "Antrea", "ovnkube-node": "OVN-Kubernetes", "aws-node": "Amazon VPC CNI", "kindnet": "kindnet",
          "azure-cns": "Azure CNI"}
UNDERLAY = "underlay"


@dataclass(frozen=True)
class Recognised:
    """The modes that nothing seen contradicts, and what was seen, in words."""

    candidates: tuple[str, ...]
    evidence: tuple[str, ...]

    @property
    def mode(self) -> str:
        """The one mode that is left; empty where none or several are."""
        return self.candidates[0] if len(self.candidates) == 1 else ""

    @property
    def sentence(self) -> str:
        """What was recognised, with the evidence."""
        seen = "; ".join(self.evidence)
        if not self.candidates:
            return f"none of ours: {seen}"
        return f"{' or '.join(self.candidates)}: {seen}"


def recognise(seen: Evidence, modes: Mapping[str, Mode], cnis: Mapping[str, Cni]) -> Recognised:
    """The modes of the catalogue that the evidence leaves; ``cnis`` are those that are known, by name."""
    found, words = _found(seen, cnis)
    features, more = _kernel(seen, {mode.signs.device for mode in modes.values()})
    found |= features
    left = [name for name, mode in modes.items()
            if all(found.get(feature, value) == value for feature, value in _wanted(mode, cnis).items())
            and _has_device(seen, mode)]
    return Recognised(tuple(left) if "cni" in found else (), (*words, *more))


def _has_device(seen: Evidence, mode: Mode) -> bool:
    """Whether the mode's device is among the links, where these were seen."""
    # The fallback sleeve has no device of its own: its frames come out of the datapath as upcalls.
    if seen.links is None or not mode.signs.device or mode.encapsulation.name == "sleeve":
        return True
    kinds = {str(link.get("ifname")): link_kind(link) for link in seen.links}
    return kinds.get(mode.signs.device) == mode.signs.device_kind


# -- what the catalogue says of a mode --------------------------------------------------------------------------------


def _wanted(mode: Mode, cnis: Mapping[str, Cni]) -> Features:
    """A mode's features by name; those it does not care about are left out."""
    own = cnis[mode.cni.name].wants(mode) if mode.cni.name in cnis else {}
    return {"cni": mode.cni.name, "encapsulation": mode.encapsulation.name, **_signs(mode.signs.route), **own}


def _signs(route: str) -> Features:
    """Of a route as mode.yml shows it, the device (the underlay's is called eth0 there) and who put it there."""
    words = route.split()
    found = {}
    if "dev" in words:
        device = words[words.index("dev") + 1]
        found["route"] = UNDERLAY if device == "eth0" else device
    if "proto" in words:
        found["protocol"] = words[words.index("proto") + 1]
    return found


# -- what the cluster shows -------------------------------------------------------------------------------------------


def _found(seen: Evidence, cnis: Mapping[str, Cni]) -> tuple[Features, list[str]]:
    """The cluster's features as far as they were seen, and in words where each was read."""
    known = {cni.daemon_set: name for name, cni in cnis.items()}
    ours = sorted({known[name] for name in seen.daemon_sets if name in known})
    others = sorted({OTHERS[name] for name in seen.daemon_sets if name in OTHERS})
    words = [f"daemon set {name}" for name in seen.daemon_sets if name in known or name in OTHERS]
    if not ours and not others:
        for name, cni in cnis.items():
            if name in seen.own and (said := cni.without_daemon_set(seen.own[name])):
                ours, words = [*ours, name], [*words, said]
    if not ours and not others:
        return {}, [f"no daemon set of a CNI that is known here ({', '.join(known)})"]
    found = {"cni": " and ".join([*ours, *others])}
    if found["cni"] in cnis:
        one = cnis[found["cni"]]
        features, more = one.read(seen.own.get(one.name, one.evidence()), seen)
        found |= features
        words += more
    return found, words


def _kernel(seen: Evidence, devices: set[str]) -> tuple[Features, list[str]]:
    """What the client's node itself shows; ``devices`` are those that are a sign of some mode."""
    found: Features = {}
    words: list[str] = []
    if seen.route is not None:
        device = str(seen.route.get("dev", "none"))
        found["route"] = UNDERLAY if device == seen.underlay_device else device
        found["protocol"] = str(seen.route.get("protocol", "none"))
        words.append(f"route {seen.route.get('dst')} dev {device} proto {found['protocol']}")
    for link in seen.links or ():
        if str(link.get("ifname")) in devices:
            words.append(f"link {link['ifname']} ({link_kind(link)})")
    return found, words
