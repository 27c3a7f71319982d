"""A stand-in for kubectl and the cluster behind it: no cluster is started, and no CNI installs anything.

What a CNI would do on the nodes is done by the embedded lab's own recipe, on the stand-in nodes and over the fabric that
was deployed: so pods, routes, tunnels, BGP sessions and everything that is measured between them are real, and none of it
is Kubernetes'. The mode is the one that the applied manifest and objects say. What the API answers is made of them.
"""

import os
import sys

import world

# What one answer alone needs is imported there: that takes longer than most commands in a pod.
MEMBERS = {1: "worker", 2: "worker2", 3: "control-plane"}
SEQUENCE = ("manifest", "nodes", "daemon", "pods", "running")
CONTEXT = "--kubeconfig"


class Cluster:
    def __init__(self, name):
        self.name = name
        there = os.path.exists(f"{world.STATE}/{name}")
        self.state = world.stored(name) if there else {"done": [], "numbers": {}}

    def reached(self, step):
        """Steps come in their order, or Kubernetes would refuse them."""
        before = SEQUENCE[:SEQUENCE.index(step)]
        if list(before) != [one for one in self.state["done"] if one in before]:
            sys.exit(f"stand-in: {step} before {[one for one in before if one not in self.state['done']]}")
        self.state["done"].append(step)
        self.save()

    def save(self):
        world.store(self.name, self.state)

    def documents(self, file):
        return world.stored(f"{self.name}-{file}")

    def keep(self, file):
        """Read once: the published manifests are long, and asked for at every answer."""
        import yaml

        with open(file) as opened:
            documents = [one for one in yaml.load_all(opened, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if one]
        for one in documents:
            if one["kind"] == "CustomResourceDefinition":
                del one["spec"]  # most of a manifest, and never asked for
        world.store(f"{self.name}-{file}", documents)

    def node(self, index):
        return f"{self.name}-{MEMBERS[index]}"


def main(argv):
    world.log("kubectl", argv)
    if argv[:1] != [CONTEXT]:
        world.unexpected(argv)  # never whatever context a person happens to be in
    with open(argv[1]) as file:
        name, rest = file.read(), argv[2:]
    if rest[:1] == ["exec"]:
        import executing

        executing.execute(name, MEMBERS, rest[1:])
    elif rest[-2:] == ["--output", "json"]:
        import cni

        print(world.as_json(cni.answer(Cluster(name), rest[:-2])))
    else:
        change(Cluster(name), rest)


def change(cluster, argv):
    if not world.MARK:
        sys.exit("stand-in: a killed runner's kubectl could not be found")
    if argv[:2] == ["annotate", "node"] and len(argv) == 4:
        key, number = argv[3].split("=")
        assert key == "projectcalico.org/ASNumber" and "manifest" not in cluster.state["done"]
        cluster.state["numbers"][argv[2]] = int(number)
        cluster.save()
    elif argv == ["apply", "--server-side", "--filename", "manifest.yml"]:
        cluster.keep("manifest.yml")
        cluster.reached("manifest")
    elif argv[:2] == ["wait", "--for=condition=Established"] and argv[-1] == "--timeout=180s":
        assert "manifest" in cluster.state["done"]
        defined = {f"customresourcedefinition/{one['metadata']['name']}" for one in cluster.documents("manifest.yml")
                   if one["kind"] == "CustomResourceDefinition"}
        assert set(argv[2:-1]) <= defined, argv
        cluster.state["established"] = True
        cluster.save()
    elif argv == ["apply", "--server-side", "--filename", "objects.yml"]:
        if not cluster.state.get("established"):
            sys.exit('error: resource mapping not found for name: "default" namespace: "" from "objects.yml": no matches for '
                     'kind "BGPConfiguration" in version "crd.projectcalico.org/v1"')
        cluster.keep("objects.yml")
    elif argv == ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s"]:
        if world.FAULT == "never-ready":
            sys.exit(f"error: timed out waiting for the condition on nodes/{cluster.node(2)}")
        cluster.reached("nodes")
    elif argv[:1] == ["--namespace"] and argv[2:4] == ["rollout", "status"] and argv[5:] == ["--timeout=180s"]:
        there = {(one["metadata"]["namespace"], f"daemonset/{one['metadata']['name']}")
                 for one in cluster.documents("manifest.yml") if one["kind"] == "DaemonSet"}
        assert (argv[1], argv[4]) in there, there
        if world.FAULT == "images":
            sys.exit("error: timed out waiting for the condition")
        cluster.reached("daemon")
    elif argv == ["apply", "--filename", "pods.yml"]:
        assert "lab-image.tar" in world.read("loaded").split()
        cluster.keep("pods.yml")
        cluster.reached("pods")
        pods(cluster)
    elif argv == ["--namespace", "podpath", "wait", "--for=condition=Ready", "pods", "--all", "--timeout=180s"]:
        cluster.reached("running")
    else:
        world.unexpected(argv)


def pods(cluster):
    """Only the namespace's own objects; then the network, and the scripts of the config map where the pods find them."""
    from pathlib import Path

    import cni

    made = cluster.documents("pods.yml")
    assert [one["kind"] for one in made] == ["Namespace", "ServiceAccount", "ConfigMap"] + ["Pod"] * 4
    assert {one["metadata"].get("namespace", one["metadata"]["name"]) for one in made} == {"podpath"}
    scripts = made[2]["data"]
    for pod in made[3:]:
        spec, container = pod["spec"], pod["spec"]["containers"][0]
        assert spec["nodeName"] == cluster.node(int(pod["metadata"]["name"][-1]))
        assert spec["hostNetwork"] == pod["metadata"]["name"].startswith("node") and spec["activeDeadlineSeconds"] > 0
        assert container["imagePullPolicy"] == "Never" and container["image"] == "podpath-lab:1"
        assert "privileged" not in container["securityContext"] and all("configMap" in one for one in spec["volumes"])
    for index in (1, 2):
        pid = world.pid_of(cluster.node(index))
        for item in made[3]["spec"]["volumes"][0]["configMap"]["items"]:
            target = Path(made[3]["spec"]["containers"][0]["volumeMounts"][0]["mountPath"]) / item["path"]
            world.inside(pid, "mkdir", "-p", str(target.parent))
            world.inside(pid, "tee", str(target), input=scripts[item["key"]].encode())
    cni.install(cluster)
