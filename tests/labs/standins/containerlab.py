"""A stand-in for containerlab: no container is made. A node is a process in namespaces of its own, on this file system.

It does what containerlab 0.79 does to links and to commands, its bad habits included: transmit checksum offload off, a
failed `exec` forgotten, 0 at the end of a failed removal. A node of the kind `ext-container` must be there already.
"""

import os
import sys

import network
import world


def main(argv):
    world.log("containerlab", argv)
    if os.environ.get("CLAB_VERSION_CHECK") != "disable" or not os.environ.get("CLAB_LABDIR_BASE"):
        sys.exit("stand-in: the environment is not as it should be")
    if argv == ["version", "--short"]:
        print("0.79.0")
        return
    if not world.MARK:
        sys.exit("stand-in: a killed runner's containerlab could not be found")
    if argv[:2] == ["deploy", "--topo"] and len(argv) == 3:
        deploy(read(argv[2]))
    elif argv[:2] == ["destroy", "--topo"] and argv[3:] == ["--cleanup"]:
        destroy(read(argv[2])["name"])
    else:
        world.unexpected(argv)


def read(file):
    import yaml

    with open(file) as opened:
        return yaml.safe_load(opened)


def deploy(made):
    import subprocess

    pids = {}
    for place, node in made["topology"]["nodes"].items():
        pids[place] = world.pid_of(place) if node.get("kind") == "ext-container" else container(made, place)
        if world.FAULT == "deploy":
            sys.exit("Error: failed to create the second node")
        if world.FAULT == "hang":
            world.hang()
    for link in made["topology"]["links"]:
        (a, device_a), (b, device_b) = (end.split(":") for end in link["endpoints"])
        mtu = "9500" if world.FAULT == "mtu" else str(link["mtu"])
        # Only the network namespace is entered: the peer's process id is one of the host's.
        subprocess.run(["nsenter", "--target", str(pids[a]), "--net", "ip", "link", "add", device_a, "mtu", mtu, "type", "veth",
                        "peer", "name", device_b, "mtu", mtu, "netns", str(pids[b])], check=True)
        for place, device in ((a, device_a), (b, device_b)):
            world.inside(pids[place], "ethtool", "-K", device, "tx", "off")
            world.inside(pids[place], "ip", "link", "set", device, "up")
            if place == "underlay":
                world.inside(pids[place], *network.shaped(device))
    for place, node in made["topology"]["nodes"].items():
        commands = node["exec"][:-2] if (world.FAULT, place) == ("exec", "node1") else node["exec"]
        for command in commands:
            world.inside(pids[place], *command.split())


def container(made, place):
    from pathlib import Path

    defaults, node = made["topology"]["defaults"], made["topology"]["nodes"][place]
    assert defaults["network-mode"] == "none" and defaults["image-pull-policy"] == "Never"
    binds = []
    for bind in node.get("binds", defaults.get("binds", [])):
        source, target, mode = bind.split(":")
        assert mode == "ro"
        binds.append((Path(source).resolve(), target))
    return world.start(f"{made['prefix']}-{made['name']}-{place}", binds, lab=made["name"])


def destroy(name):
    if world.FAULT == "destroy":
        return
    for identity, one in world.known().items():
        if one["Lab"] == name:
            world.end(identity)
