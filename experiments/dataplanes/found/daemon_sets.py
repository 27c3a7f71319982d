"""Whose a daemon set is: by the images and names of its containers rather than by its own name, which installers change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.dataplanes.found.cluster_objects import Json, containers_of, mapping, plain_image
from experiments.labs.kubernetes import manifest

CANAL = "Canal (Flannel's packets, Calico's policies)"
# CNIs that are no mode here, by the names of their daemon sets, containers or images, as their makers' manifests have them.
OTHERS = {
    "cilium": "Cilium", "cilium-agent": "Cilium", "anetd": "Cilium (GKE Dataplane V2)", "canal": CANAL,
    "kube-router": "kube-router", "antrea-agent": "Antrea", "ovnkube-node": "OVN-Kubernetes", "kube-ovn-cni": "Kube-OVN",
    "kube-ovn": "Kube-OVN", "aws-node": "Amazon VPC CNI", "amazon-k8s-cni": "Amazon VPC CNI", "kindnet": "kindnet",
    "kindnet-cni": "kindnet", "kindnetd": "kindnet", "azure-cns": "Azure CNI", "netd": "GKE's own routes", "terway": "Terway",
    "vcn-native-ip-cni": "OCI's VCN-native CNI", "nsx-node-agent": "NSX", "sdn": "OpenShift SDN",
}
# They hand pods on to another CNI, or add to it, and move no packets themselves.
CHAINED = ("multus", "istio-cni", "linkerd-cni", "whereabouts", "cni-plugins", "sriov", "bandwidth", "nodelocal")
CNI_FOLDERS = ("/etc/cni", "/opt/cni", "/var/lib/cni", "/var/lib/rancher/k3s/agent/etc/cni", "/var/lib/rancher/k3s/data/cni")


@dataclass(frozen=True)
class DaemonSetSeen:
    """A daemon set of a CNI: the CNIs that it holds by our names, or in words what else it is."""

    name: str
    namespace: str
    cnis: frozenset[str]
    other: str
    object: Json
    usual: bool  # whether its name is the one in its makers' manifest

    @property
    def said(self) -> str:
        """Its name, and what it was known by if that is not its name."""
        held = " and ".join(sorted(self.cnis)) or self.other
        return f"daemon set {self.name}" + ("" if self.usual else f" ({held})")


def of_cnis(sets: Sequence[Json], known: Mapping[str, manifest.DaemonSet]) -> tuple[DaemonSetSeen, ...]:
    """Those of the daemon sets that belong to a CNI and run somewhere; ``known`` are the published ones by CNI."""
    found = []
    for one in sets:
        name = str(mapping(one.get("metadata")).get("name"))
        if mapping(one.get("status")).get("desiredNumberScheduled") == 0:
            continue  # for another architecture or system; it runs nowhere
        words = _words(name, containers_of(one))
        cnis = frozenset(cni for cni, published in known.items() if words & {
            published.name, published.container, *published.images})
        others = [OTHERS[word] for word in sorted(words) if word in OTHERS]
        other = others[0] if others else ""
        if not cnis and not other and _installs(one) and not any(part in word for part in CHAINED for word in words):
            other = f"a CNI that is not known here ({name})"
        if cnis or other:
            usual = name in OTHERS or (len(cnis) == 1 and name in {known[cni].name for cni in cnis})
            found.append(DaemonSetSeen(name, str(mapping(one.get("metadata")).get("namespace")), cnis, other, one, usual))
    return tuple(found)


def runs(sets: Sequence[DaemonSetSeen]) -> str:
    """The CNI that the daemon sets are, in one word; what is none of ours in its own."""
    ours = frozenset[str]().union(*(one.cnis for one in sets))
    others = sorted({one.other for one in sets if one.other})
    if ours == {"calico", "flannel"} and set(others) <= {CANAL}:
        return CANAL
    return " and ".join([*sorted(ours), *others])


def _words(name: str, containers: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """All by which it can be known: its name, its containers', their images' last parts without tag."""
    words = {name}
    for one in containers:
        words.add(str(one.get("name")))
        image = plain_image(str(one.get("image"))).partition("@")[0].rpartition(":")
        plain = image[0] or image[2]
        words |= {plain, plain.rpartition("/")[2]}
    return frozenset(words)


def _installs(one: Json) -> bool:
    """Whether it has a volume where a node keeps the programs or the configuration of its CNI."""
    volumes = mapping(mapping(mapping(one.get("spec")).get("template")).get("spec")).get("volumes")
    volumes = volumes if isinstance(volumes, list) else []
    paths = [str(mapping(mapping(volume).get("hostPath")).get("path")) for volume in volumes]
    return any(path.startswith(folder) for path in paths for folder in CNI_FOLDERS)
