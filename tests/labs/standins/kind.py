"""A stand-in for kind: no cluster is made. A node is a process in namespaces of its own, with a device that leads nowhere.

It takes the arguments and the file that kind 0.32 takes, and fails with kind's words.
"""

import os
import sys

import world

# What a node has before the fabric comes: Docker's network, with the default route.
NETWORK = ["sysctl -qw net.ipv4.ip_forward=1", "ip link add eth0 type veth peer name host0",
           "ip link set host0 up", "ip link set eth0 up", "ip address add 172.18.0.{number}/16 dev eth0",
           "ip route add default via 172.18.0.1 dev eth0"]


def main(argv):
    world.log("kind", argv)
    if argv == ["version", "--quiet"]:
        print("0.32.0")
        return
    if not world.MARK:
        sys.exit("stand-in: a killed runner's kind could not be found")
    if argv[:3] == ["export", "logs", argv[2]] and argv[3] == "--name" and len(argv) == 5:
        export(argv[2], argv[4])
        return
    if os.environ.get("KIND_EXPERIMENTAL_PROVIDER") != "docker":
        sys.exit("stand-in: the nodes may be podman's")
    if argv[:3] == ["create", "cluster", "--name"] and argv[4:] == [
            "--config", "cluster.kind.yml", "--kubeconfig", "kubeconfig", "--retain"]:
        import yaml

        with open("cluster.kind.yml") as file:
            create(argv[3], yaml.safe_load(file))
    elif argv[:2] == ["load", "image-archive"] and argv[3:4] == ["--name"] and len(argv) == 5:
        assert nodes(argv[4]) and os.path.isfile(argv[2])
        with open(f"{world.STATE}/loaded", "a") as file:
            file.write(f"{argv[2]}\n")
    elif argv[:3] == ["delete", "cluster", "--name"] and argv[4:] == ["--kubeconfig", "kubeconfig"]:
        if world.FAULT != "delete":
            for identity in nodes(argv[3]):
                world.end(identity)
    else:
        world.unexpected(argv)


def nodes(name):
    return [identity for identity, one in world.known().items() if one["Cluster"] == name]


def create(name, wanted):
    assert wanted["apiVersion"] == "kind.x-k8s.io/v1alpha4" and wanted["networking"]["disableDefaultCNI"] is True
    assert "kubelet-preferred-address-types: Hostname" in wanted["kubeadmConfigPatches"][0]
    assert [node["role"] for node in wanted["nodes"]] == ["control-plane", "worker", "worker"]
    assert len({node["image"] for node in wanted["nodes"]}) == 1
    image = wanted["nodes"][0]["image"]
    assert "@sha256:" in image or image in world.read("images").split()  # only what Docker has goes without a digest
    if world.FAULT == "taken":  # somebody was faster by a moment
        world.start(f"{name}-control-plane", cluster=name)
        sys.exit(f'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "{name}"')
    if world.FAULT == "pull":
        sys.exit(f'ERROR: failed to create cluster: failed to pull image "{image}": command "docker pull {image}" failed with '
                 "error: exit status 1\n\nCommand Output: Error response from daemon: Get "
                 '"https://registry.invalid/v2/": dial tcp: lookup registry.invalid: no such host')
    for number, suffix in enumerate(("control-plane", "worker", "worker2"), 2):
        world.start(f"{name}-{suffix}", cluster=name, commands=[line.format(number=number) for line in NETWORK])
        if world.FAULT == "hang-in-kind":
            world.hang()
    if world.FAULT == "create":
        sys.exit("ERROR: failed to create cluster: failed to init node with kubeadm: command \"docker exec --privileged "
                 f"{name}-control-plane kubeadm init\" failed with error: exit status 1")
    with open("kubeconfig", "w") as file:
        file.write(name)


def export(folder, name):
    if not nodes(name):
        sys.exit(f"ERROR: unknown cluster \"{name}\"")
    with open(f"{folder}/kind-version.txt", "w") as file:
        file.write("stand-in\n")
