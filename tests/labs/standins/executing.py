"""`kubectl exec`: a command runs where its pod would be. Most calls are these: nothing is imported that takes long."""

import _thread
import os
import sys

import world

PIPE, XFSZ = 13, 25  # signals that Python ignores, and a command does not


def execute(cluster, members, argv):
    """Run it. As kubectl does: when this ends, its standard input closes, and nothing else."""
    assert argv[:2] == ["--stdin", "--namespace"] and argv[4] == "--container" and argv[6] == "--", argv
    namespace, pod, container, command = argv[2], argv[3], argv[5], argv[7:]
    if (namespace, container) == ("podpath", "lab"):
        assert command[:2] == ["python3", "/opt/podpath/experiments/labs/kubernetes/attached.py"], command
        argv = [*world.enter(world.pid_of(f"{cluster}-{members[int(pod[-1])]}")),
                *(["ip", "netns", "exec", pod] if pod.startswith("pod") else []), *command]
    else:
        argv = daemon(cluster, members, namespace, pod, container, command)
    reading, writing = os.pipe()
    child = os.posix_spawnp(argv[0], argv, os.environ, setsigdef=[PIPE, XFSZ],
                            file_actions=[(os.POSIX_SPAWN_DUP2, reading, 0)])
    os.close(reading)
    _thread.start_new_thread(follow, (writing,))
    _, ended = os.waitpid(child, 0)
    if status := os.waitstatus_to_exitcode(ended):
        print(f"command terminated with exit code {status}", file=sys.stderr)
    sys.exit(status)


def follow(writing):
    while os.read(0, 4096):
        pass
    os.close(writing)


def daemon(cluster, members, namespace, pod, container, command):
    """A command in the CNI's own container: BIRD's, where the recipe's BIRD listens."""
    index = next(i for i in (1, 2, 3) if pod == f"{container}-{i}")
    assert (namespace, container) == ("kube-system", "calico-node"), (namespace, container)
    if command == ["calico-node", "-felix-ready"]:
        return felix_ready()
    assert command == ["birdcl", "-s", "/var/run/calico/bird.ctl", "show", "protocols"], command
    return [*world.enter(world.pid_of(f"{cluster}-{members[index]}")), "birdc", "-s", f"/run/podpath/node{index}.bird.ctl",
            "show", "protocols"]


def felix_ready():
    """Nothing and 0, or its sentence on standard output and 1 (projectcalico/calico v3.32.1 node/pkg/health/health.go)."""
    if world.FAULT != "felix":
        return ["true"]
    said = "calico/node is not ready: felix is not ready: readiness probe reporting 503"
    return ["sh", "-c", f"echo '{said}'; exit 1"]
