"""A stand-in for Docker's client, which knows the containers of the stand-ins beside it, and nothing else."""

import os
import sys

import world

LABELS = {"containerlab": "Lab", "io.x-k8s.kind.cluster": "Cluster"}
PLUGIN, PLUGINS = "/usr/lib/cni/bridge", "/opt/cni/bin/bridge"


def main(argv):
    world.log("docker", argv)
    if os.path.exists(f"{world.STATE}/docker-is-down"):
        sys.exit("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?")
    if argv[:2] == ["container", "inspect"]:
        print(world.as_json([find(name) for name in argv[2:]]))
    elif argv[:2] == ["image", "inspect"] and len(argv) == 3:
        if argv[2] not in world.read("images").split():
            sys.exit(f"Error: No such image: {argv[2]}")
    elif argv[:4] == ["image", "inspect", "--format", "{{.Id}}"] and len(argv) == 5:
        print("sha256:" + "0" * 64)
    elif argv == ["version", "--format", "{{.Server.Version}}"]:
        print("20.10.24")
    elif argv[:5] == ["network", "ls", "--format", "{{.Name}}", "--filter"] and len(argv) == 6 and argv[5].startswith("name="):
        print(f"{argv[5].removeprefix('name=')}-of-somebody")  # a part of a name is enough for the filter
    elif argv[:5] == ["ps", "--all", "--quiet", "--no-trunc", "--filter"] and len(argv) == 6 and argv[5].startswith("id="):
        print("\n".join(identity for identity in world.known() if identity.startswith(argv[5].removeprefix("id="))))
    elif argv[:5] == ["ps", "--all", "--quiet", "--no-trunc", "--filter"] and len(argv) == 6:
        label, name = argv[5].removeprefix("label=").split("=")
        print("\n".join(identity for identity, one in world.known().items() if one[LABELS[label]] == name))
    elif argv[:3] == ["rm", "--force", "--volumes"] and len(argv) == 4:
        world.end(find(argv[3])["Id"])
    elif argv[:1] == ["cp"] and len(argv) == 3:
        copy(argv[1], argv[2])
    elif argv == ["save", "--output", "lab-image.tar", "podpath-lab:1"]:
        write(argv[2], "stands for the lab's image\n")
    else:
        world.unexpected(argv)


def find(name):
    for identity, one in world.known().items():
        if name in (identity, one["Name"].lstrip("/")):
            return one
    sys.exit(f"Error: No such container: {name}")


def copy(source, target):
    if source.endswith(f"-underlay:{PLUGIN}"):
        find(source.split(":")[0])
        write(target, "stands for the plugin out of the lab's image\n")
    elif target.endswith(f":{PLUGINS}"):
        pid = find(target.split(":")[0])["State"]["Pid"]
        world.inside(pid, "mkdir", "-p", os.path.dirname(PLUGINS))
        with open(source, "rb") as file:
            world.inside(pid, "tee", PLUGINS, stdin=file)
    else:
        world.unexpected(["cp", source, target])


def write(file, text):
    with open(file, "w") as opened:
        opened.write(text)
