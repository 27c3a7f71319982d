"""Clusters as people have them, healthy and broken, and what has to be said of each."""

from __future__ import annotations

from dataclasses import dataclass

import clusters
from clusters import (
    CALI,
    CNI0,
    IPIP_ROUTE,
    SLEEVE_LINKS,
    TUNL0,
    Cluster,
    both,
    calico,
    daemon_set,
    flannel,
    link,
    weave,
)


@dataclass(frozen=True)
class Case:
    """A cluster, the mode that is in force (empty: none that may be named), and words that the evidence holds."""

    name: str
    cluster: Cluster
    mode: str
    says: tuple[str, ...] = ()


ALL_TO_REFLECTORS = ({"nodeSelector": "!has(i-am-a-route-reflector)", "peerSelector": "has(i-am-a-route-reflector)"},
                     {"nodeSelector": "has(i-am-a-route-reflector)", "peerSelector": "has(i-am-a-route-reflector)"})
RACKS = ({"nodeSelector": "rack == '1'", "peerIP": "10.0.9.1"}, {"node": "n2", "peerIP": "10.0.9.2"})
IPIP = {"ipip": "Always", "links": (CALI, TUNL0), "route": IPIP_ROUTE}
VXLAN_DEVICE = link("vxlan.calico", "vxlan")
BY_VXLAN = {"dst": "BLOCK", "gateway": "GATEWAY", "dev": "vxlan.calico", "protocol": "80"}
OPERATOR = [daemon_set("calico-node", ("calico-node", "quay.io/calico/node:v3.31.0"), namespace="calico-system")]
STALE = {name: {"flannel.alpha.coreos.com/backend-type": "vxlan"} for name in clusters.NODES}
CANAL_NOTES = {name: {**STALE[name], clusters.CALICO: f"{address}/24"} for name, address in clusters.NODES.items()}
NO_FASTDP = {"WEAVE_NO_FASTDP": "1"}

CASES = (
    # Calico
    Case("calico as its manifest installs it, kubeadm", calico(**IPIP), "calico-ipip",
         ("ipipMode Always", "dev tunl0 proto bird")),
    Case("calico without encapsulation", calico(), "calico-bgp", ("nodes peer with each other", "dev eth0 proto bird")),
    Case("calico without encapsulation, tunl0 left from before", calico(links=(CALI, TUNL0)), "calico-bgp"),
    Case("the operator's quickstart, nodes in one network (calico issues 4254 and 7923)",
         calico(vxlan="CrossSubnet", sets=OPERATOR), "calico-bgp", ("vxlanMode CrossSubnet",)),
    Case("the operator's quickstart, nodes in two networks",
         calico(vxlan="CrossSubnet", sets=OPERATOR, links=(CALI, VXLAN_DEVICE), route=BY_VXLAN), "", ("dev vxlan.calico",)),
    Case("IPIP between networks, nodes in one", calico(ipip="CrossSubnet", links=(CALI, TUNL0)), "calico-bgp"),
    Case("IPIP between networks, nodes in two", calico(**{**IPIP, "ipip": "CrossSubnet"}), "calico-ipip"),
    Case("reflectors outside of the cluster", calico(
        mesh=False, peers=({"peerIP": "10.0.9.1"}, {"peerIP": "10.0.9.2"}), partners=clusters.OUTSIDE,
        own=both(clusters.sessions("Global_10_0_9_1", "Global_10_0_9_2"), "bird.txt")), "calico-bgp-global", ("global (2)",)),
    Case("reflectors in the cluster, by selectors (Calico's older recipe)", calico(
        mesh=False, peers=ALL_TO_REFLECTORS, partners=clusters.REFLECTOR,
        own=both(clusters.sessions("Node_10_0_0_3"), "bird.txt")), "calico-bgp-global", ("no mesh", "global (2)")),
    Case("a reflector in the cluster, by its address", calico(
        mesh=False, peers=({"nodeSelector": "!has(rr)", "peerIP": "10.0.0.3"},), partners=clusters.REFLECTOR),
        "calico-bgp-global"),
    Case("racks with routers of their own", calico(
        mesh=False, peers=RACKS, partners=clusters.OUTSIDE, own=both(clusters.sessions("Node_10_0_9_1"), "bird.txt")),
        "calico-bgp-node", ("node (2)",)),
    Case("a mesh, and the routers of the racks beside it", calico(
        mesh=True, peers=RACKS, partners={name: [*clusters.MESH[name], "10.0.9.1"] for name in clusters.MESH},
        own=both(clusters.sessions("Mesh_10_0_0_2", "Node_10_0_9_1"), "bird.txt")), "calico-bgp"),
    Case("reflectors and routers of racks, together", calico(
        mesh=False, peers=({"peerIP": "10.0.9.9"}, *RACKS), partners=clusters.OUTSIDE,
        own=both(clusters.sessions("Node_10_0_9_1", "Global_10_0_9_9"), "bird.txt")), "", ("global and node",)),
    Case("calico by VXLAN", calico(vxlan="Always", links=(CALI, VXLAN_DEVICE), route=BY_VXLAN), "", ("vxlanMode Always",)),
    Case("calico with its eBPF data plane", calico(
        felix={"bpfEnabled": True}, links=(CALI, link("bpfin.cali", "veth"), link("bpfout.cali", "veth"))), "",
        ("bpfEnabled",)),
    Case("calico with WireGuard", calico(
        felix={"wireguardEnabled": True}, links=(CALI, link("wireguard.cali", "wireguard"))), "", ("wireguardEnabled",)),
    Case("etcd as datastore (calico issue 3951)", calico(
        group="", own=both(clusters.sessions("Mesh_10_0_0_9"), "bird.txt")), "calico-bgp", ("BIRD's sessions: mesh",)),
    Case("native v3 objects, no API server", calico(group="projectcalico.org", **IPIP), "calico-ipip", ("ipipMode Always",)),
    Case("two pools, pods in the second", calico(**IPIP, pools=(
        {"cidr": "10.1.0.0/16", "ipipMode": "Never"}, {"cidr": "192.168.0.0/16", "ipipMode": "Always"},
        {"cidr": "fd00::/48", "ipipMode": "Never"})), "calico-ipip", ("IPPool 192.168.0.0/16",)),
    Case("pools say tunnel, the route does not (no ipip in the kernel)", calico(ipip="Always"), "", ("dev eth0 proto bird",)),
    Case("no session stands", calico(partners={}), "", ("no BGP session is established",)),
    Case("calico-node without bird", calico(own=both("calico-node\nrunsv\n", "processes.txt")), "",
         ("calico-node runs without bird",)),
    # managed clouds
    Case("EKS: Amazon's CNI, Calico's policies", clusters.other(
        daemon_set("aws-node", ("aws-node", "602401143452.dkr.ecr.eu-west-1.amazonaws.com/amazon-k8s-cni:v1.19.0")),
        daemon_set("calico-node", clusters.NODE_IMAGE), links=(link("eni0123456789a", "veth"),)), "",
        ("aws-node", "calico-node")),
    Case("GKE: Calico's policies on its own routes", calico(
        sets=[daemon_set("calico-node", ("calico-node", "gke.gcr.io/calico/node:v3.28.1")), daemon_set("netd")],
        links=(link("gke0123456789", "veth"),), route={}, partners={}), "", ("netd",)),
    Case("AKS: Azure's CNI", clusters.other(daemon_set("azure-cns"), links=(link("azv0123456789a", "veth"),)), "",
         ("azure-cns",)),
    # Flannel
    Case("flannel as its manifest installs it, kubeadm", flannel(), "flannel-vxlan", ("Backend.Type vxlan", "dev flannel.1")),
    Case("flannel beside Windows: VNI 4096, port 4789 (flannel issue 1128)", flannel(
        device="flannel.4096", conf={"Type": "vxlan", "VNI": 4096, "Port": 4789}), "flannel-vxlan", ("dev flannel.4096",)),
    Case("flannel from another registry, under another name", flannel(sets=[
        daemon_set("kube-flannel-ds", ("flannel", "mirror.example:5000/rancher/mirrored-flannel-flannel:v0.26.1"),
                   namespace="kube-flannel")]), "flannel-vxlan"),
    Case("flannel by a process", flannel(
        "udp", entries=False, route=clusters.UDP_ROUTE, links=(CNI0, clusters.TUN)), "flannel-udp", ("link flannel0 (tun)",)),
    Case("flannel whose configuration names no backend", flannel(
        "udp", conf={"MTU": 0}, entries=False, route=clusters.UDP_ROUTE, links=(CNI0, clusters.TUN)), "flannel-udp",
        ("Backend.Type udp",)),
    Case("k3s: flannel inside, no daemon set", flannel(sets=[daemon_set("svclb-traefik")]), "flannel-vxlan",
         ("node annotation flannel.alpha.coreos.com/backend-type: vxlan",)),
    Case("flannel by plain routes", flannel(
        "host-gw", entries=False, route={"dst": "BLOCK", "gateway": "GATEWAY", "dev": "eth0"}, links=(CNI0,)), "",
        ("host-gw",)),
    Case("DirectRouting, nodes in one network", flannel(
        conf={"Type": "vxlan", "DirectRouting": True}, route={"dst": "BLOCK", "gateway": "GATEWAY", "dev": "eth0"}), "",
        ("DirectRouting",)),
    Case("DirectRouting, nodes in two networks", flannel(conf={"Type": "vxlan", "DirectRouting": True}), "flannel-vxlan"),
    Case("a backend that was changed, flanneld not restarted (flannel issues 517 and 1604, k3s issue 3409)", flannel(
        "host-gw", notes={"n1": "vxlan"}), "", ("nodes disagree: host-gw on n2, n3; vxlan on n1",)),
    Case("forwarding entries that lead nowhere", Cluster({
        **flannel().files, "n1/fdb.json": [{"mac": "02:00:00:00:00:01", "ifname": "flannel.1", "dst": "10.0.0.77"}]}), "",
        ("no forwarding entry leads to the other node",)),
    # others, and what is left of Flannel under them
    Case("rke2's Canal", clusters.other(daemon_set(
        "rke2-canal", ("calico-node", "rancher/hardened-calico:v3.29.0"), ("kube-flannel", "rancher/hardened-flannel:v0.26.1")),
        links=(CALI, link("flannel.1", "vxlan")), route=clusters.VXLAN_ROUTE, notes=CANAL_NOTES), "",
        ("rke2-canal (calico and flannel)",)),
    Case("Kube-OVN, and annotations of a Flannel that has gone", clusters.other(
        daemon_set("kube-ovn-cni"), daemon_set("ovs-ovn"), links=(link("ovn0", "openvswitch"),),
        route={"dst": "192.168.0.0/16", "dev": "ovn0"}, notes=STALE), "", ("kube-ovn-cni", "may be left from before")),
    Case("a CNI that nobody here knows, and annotations of a Flannel that has gone", clusters.other(
        daemon_set("house-net", volume="/opt/cni/bin"), links=(link("house0", "bridge"), link("flannel.1", "vxlan")),
        route={"dst": "192.168.0.0/16", "dev": "house0"}, notes=STALE), "", ("house-net (a CNI that is not known here",)),
    Case("Cilium", clusters.other(
        daemon_set("cilium", ("cilium-agent", "quay.io/cilium/cilium:v1.18.0")),
        links=(link("cilium_vxlan", "vxlan"), link("lxc12")),
        route={"dst": "192.168.0.0/16", "dev": "cilium_host"}), "", ("daemon set cilium",)),
    Case("nothing that is known", clusters.other(), "", ("no daemon set of a CNI that is known here",)),
    # Weave
    Case("weave as its manifest installs it", weave("fastdp", "fastdp"), "weave-fastdp", ("link vxlan-6784 (vxlan)",)),
    Case("weave that fell back in silence", weave("sleeve", "sleeve"), "weave-sleeve", ("established sleeve",)),
    Case("weave that fell back on one side only", weave("fastdp", "sleeve"), ""),
    Case("weave without a fast data path, pods of the usual size", weave(
        "sleeve", "sleeve", env={**NO_FASTDP, "WEAVE_MTU": "1376"}, links=SLEEVE_LINKS), "weave-sleeve", ("WEAVE_NO_FASTDP",)),
    Case("weave without a fast data path, pods as large as they come", weave(
        "sleeve", "sleeve", env=NO_FASTDP, links=SLEEVE_LINKS), "weave-sleeve-pcap"),
    Case("weave whose daemon may not be asked", weave(), "", ("Weave's connections",)),
)
