"""The CNI of the stand-in cluster: the embedded lab's recipe on the stand-in nodes, and the API's answers about it.

The answers have the shape of Kubernetes' and the CNIs' own objects; Calico's have what its daemons wrote where they ran. What
differs between clusters comes from the applied manifest, the applied objects and the nodes.
"""

import os
import sys

import world

# The package itself is imported where it is needed: most answers are made of the applied texts alone.

NODES = 3
DAEMONS = {"calico-node": "calico", "kube-flannel-ds": "flannel"}
VERSION = "v1.34.8"
# What Calico's daemons make in the API where nobody has, as v3.32.1 made it in a cluster of kind: the mesh is not named in it.
MADE = {
    "BGPConfiguration": {"logSeverityScreen": "Info", "serviceLoadBalancerAggregation": "Enabled"},
    "FelixConfiguration": {
        "bpfConnectTimeLoadBalancing": "TCP", "bpfHostNetworkedNATWithoutCTLB": "Enabled", "bpfLogLevel": "",
        "floatingIPs": "Disabled", "logSeverityScreen": "Info", "nftablesMode": "Auto", "reportingInterval": "0s"},
}
POOL = {"allowedUses": ["Workload", "Tunnel"], "assignmentMode": "Automatic", "blockSize": 26, "cidr": "192.168.0.0/16",
        "natOutgoing": True, "nodeSelector": "all()"}


def daemon_set(cluster):
    return next(one for one in cluster.documents("manifest.yml") if one["kind"] == "DaemonSet")


def variables(cluster):
    return {one["name"]: one.get("value") for c in daemon_set(cluster)["spec"]["template"]["spec"]["containers"]
            for one in c.get("env", [])}


def objects(cluster, kind):
    there = os.path.exists(f"{world.STATE}/{cluster.name}-objects.yml")
    return [one for one in cluster.documents("objects.yml") if one["kind"] == kind] if there else []


def default(cluster, kind):
    """The object ``default`` of a kind: Calico's own, with what was applied in it."""
    applied = next((one["spec"] for one in objects(cluster, kind)), {})
    return {"metadata": {"name": "default"}, "spec": {**MADE[kind], **applied}}


def config(cluster, name):
    return next((one for one in cluster.documents("manifest.yml")
                 if one["kind"] == "ConfigMap" and one["metadata"]["name"] == name), None)


def dataplane(cluster):
    return DAEMONS[daemon_set(cluster)["metadata"]["name"]]


def mode(cluster):
    """What the applied texts say; a CNI would read the same."""
    from experiments import catalog

    if dataplane(cluster) == "flannel":
        assert '"Type": "vxlan"' in config(cluster, "kube-flannel-cfg")["data"]["net-conf.json"]
        return catalog.get("flannel-vxlan")
    assert variables(cluster)["CALICO_IPV4POOL_IPIP"] == "Never"
    assert variables(cluster)["IP_AUTODETECTION_METHOD"] == "cidr=172.31.0.0/16"
    mesh = all(one["spec"]["nodeToNodeMeshEnabled"] for one in objects(cluster, "BGPConfiguration"))
    by_node = any("nodeSelector" in one["spec"] for one in objects(cluster, "BGPPeer"))
    return catalog.get("calico-bgp" if mesh else "calico-bgp-node" if by_node else "calico-bgp-global")


def lab(cluster):
    import dataclasses

    from experiments.labs.containerlab import backend as containerlab
    from experiments.labs.containerlab import docker
    from experiments.labs.fabric import addresses
    from experiments.labs.kind import kind_plan

    wanted = mode(cluster)
    members, routers = addresses.plan(NODES, wanted.underlay.kind, wanted.underlay.reflectors)
    places = {node.name: docker.Container("", world.pid_of(cluster.node(node.index))) for node in members}
    places |= {router.name: docker.Container("", world.pid_of(kind_plan.fabric_container(cluster.name, router.name)))
               for router in routers}
    nodes = tuple(dataclasses.replace(node, device=kind_plan.DEVICE) for node in members)
    return containerlab.ContainerlabLab(places, nodes, routers, "host")


def install(cluster):
    """Pods and routes on all nodes. The fabric's routers run already, with the configuration that they were given."""
    from experiments.dataplanes.built import calico
    from experiments.dataplanes.table import recipe_for

    wanted, made = mode(cluster), lab(cluster)
    if wanted.cni.name == "flannel":
        plugin = world.inside(world.pid_of(cluster.node(1)), "test", "-s", "/opt/cni/bin/bridge")
        assert plugin.returncode == 0, "failed to find plugin bridge"
    if wanted.underlay.kind == "routed":
        numbers = {cluster.node(node.index): calico.Calico(made, wanted).peering.asn(node) for node in made.nodes}
        assert cluster.state["numbers"] == numbers
    start = calico.Calico._start_bird
    calico.Calico._start_bird = lambda self, node: start(self, node) if node.role == "node" else None
    recipe = recipe_for(wanted, made)
    recipe.build()
    recipe.wait_ready(30)


def answer(cluster, argv):
    known = {
        ("version",): lambda: {"serverVersion": {"gitVersion": VERSION}},
        ("get", "nodes"): lambda: listed(node(cluster, i) for i in (1, 2, 3)),
        ("get", "nodes", "--all-namespaces"): lambda: listed(node(cluster, i) for i in (1, 2, 3)),
        ("get", "pods", "--all-namespaces"): lambda: listed(pods(cluster)),
        ("get", "daemonsets.apps", "--all-namespaces"): lambda: listed([daemon_set(cluster)]),
        ("get", "ippools.crd.projectcalico.org"): lambda: listed([pool(cluster)]),
        ("get", "bgpconfigurations.crd.projectcalico.org"): lambda: listed([default(cluster, "BGPConfiguration")]),
        ("get", "bgppeers.crd.projectcalico.org"): lambda: listed(objects(cluster, "BGPPeer")),
        ("get", "felixconfigurations.crd.projectcalico.org"): lambda: listed([default(cluster, "FelixConfiguration")]),
    }
    if tuple(argv) in known:
        return known[tuple(argv)]()
    if argv[:2] == ["get", "pod"] and argv[3:] == ["--namespace", "podpath"]:
        assert "running" in cluster.state["done"] and argv[2] in ("pod1", "pod2")
        family = {"calico": "192.168", "flannel": "10.244"}[dataplane(cluster)]
        return {"status": {"podIP": f"{family}.{argv[2][-1]}.2"}}
    if argv[:2] == ["get", "node"] and len(argv) == 3:
        return node(cluster, next(i for i in (1, 2, 3) if cluster.node(i) == argv[2]))
    if argv[:2] == ["get", "configmap"] and argv[3:4] == ["--namespace"] and (found := config(cluster, argv[2])):
        return found
    if argv[:3] == ["get", "pods", "--namespace"] and argv[4:5] == ["--selector"]:
        return listed(pods(cluster))
    if argv[:2] == ["get", "installations.operator.tigera.io"]:
        sys.exit('error: the server doesn\'t have a resource type "installations"')
    world.unexpected(argv)


def listed(items):
    return {"kind": "List", "items": list(items)}


def pool(cluster):
    return {"spec": {**POOL, "ipipMode": variables(cluster)["CALICO_IPV4POOL_IPIP"],
                     "vxlanMode": variables(cluster)["CALICO_IPV4POOL_VXLAN"]}}


def node(cluster, index):
    never = world.FAULT == "never-ready" and index == 2
    message = ("container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin "
               "returns error: cni plugin not initialized") if never else "kubelet is posting ready status"
    notes = {}
    if dataplane(cluster) == "flannel":
        notes = {"flannel.alpha.coreos.com/backend-type": "vxlan",
                 "flannel.alpha.coreos.com/backend-data": f'{{"VNI":1,"VtepMAC":"02:00:00:00:00:{index:02x}"}}'}
    return {"metadata": {"name": cluster.node(index), "annotations": notes},
            "status": {"conditions": [{"type": "Ready", "status": "False" if never else "True", "message": message}],
                       "nodeInfo": {"kernelVersion": os.uname().release, "kubeletVersion": VERSION}}}


def pods(cluster):
    one = daemon_set(cluster)
    container = one["spec"]["template"]["spec"]["containers"][0]
    state = {"running": {}}
    if world.FAULT == "images":
        state = {"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{container["image"]}"'}}
    for index in (1, 2, 3):
        yield {"metadata": {"name": f"{container['name']}-{index}", "namespace": one["metadata"]["namespace"]},
               "spec": {"nodeName": cluster.node(index)},
               "status": {"phase": "Running",
                          "containerStatuses": [{"name": container["name"], "image": container["image"], "state": state}]}}
