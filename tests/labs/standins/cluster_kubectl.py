"""A stand-in for kubectl with a cluster that exists: no cluster is started here. It is strict about arguments and order.

What it answers about nodes and objects is in PODPATH_STANDIN/cluster, written by the test. Pods are places of an
embedded lab that the test has built for real: `exec` runs the command there, so that what is measured is a real data plane.
PODPATH_STANDIN_FAULT names what goes wrong.
"""

import os
import sys

import world

# It is called some hundred times in a test: what only one of its answers needs is imported there.
STATE = world.STATE
FAULTS = world.FAULT.split(",")
ROOT = __file__.rsplit("/", 4)[0]
CLUSTER = world.stored("cluster")
INSIDE = "/opt/podpath"  # where pods find the program's scripts
READING = [("ip", "-json", "-details", "address", "show"), ("ip", "-json", "route", "show"), ("bridge", "-json", "fdb", "show"),
           ("sh", "-c", "cat /proc/[0-9]*/comm"), ("cat", "/proc/net/tcp"), ("cat", "/proc/net/udp")]
ORDER = ["Namespace", "ServiceAccount", "ConfigMap", "Pod", "Pod", "Pod", "Pod"]


def main(argv):
    with open(f"{STATE}/log", "a") as log:
        log.write(f"{argv!r}\n")
    if "unreachable" in FAULTS and argv[0] != "config":
        sys.exit("Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout")
    if argv == ["config", "current-context"]:
        if "no-context" in FAULTS:
            sys.exit("error: current-context is not set")
        print("somewhere")
        return
    if argv[:2] == ["--context", "somewhere"]:
        argv = argv[2:]
    elif not CLUSTER.get("cleaning"):
        sys.exit("stand-in: the context that was chosen at the beginning is not named")
    verb, rest = argv[0], argv[1:]
    {"get": get, "auth": can_i, "create": create, "exec": enter, "delete": delete, "version": version}[verb](rest)


def version(rest):
    assert rest == ["--output", "json"], rest
    answer({"clientVersion": {"gitVersion": "v1.34.1"}, "serverVersion": {"gitVersion": "v1.34.8"}})


def answer(value):
    print(world.as_json(value))


def exists(file):
    return os.path.exists(f"{STATE}/{file}")


def missing(kind, name):
    sys.exit(f'Error from server (NotFound): {kind} "{name}" not found')


def pod_columns(columns):
    """What `kubectl get pods --output custom-columns` prints: the CNI's pods, and one of somebody's on each node."""
    names = [column.partition(":")[0] for column in columns.removeprefix("custom-columns=").split(",")]
    assert names == ["NODE", "NAMESPACE", "NAME", "PHASE", "IPS", "HOST", "CONTAINERS"], names
    print("   ".join(names))
    for node, place in zip((one["metadata"]["name"] for one in CLUSTER["nodes"][1:]), ("pod1", "pod2"), strict=True):
        print(f"{node}   default   web-{place}   Running   {CLUSTER['addresses'][place]}   <none>   web")


def get(rest):
    if rest[:3] == ["pods", "--all-namespaces", "--output"]:
        return pod_columns(rest[3])
    assert rest[-2:] == ["--output", "json"], rest
    kind, rest = rest[0], rest[1:-2]
    if kind == "nodes" and not rest:
        answer({"items": CLUSTER["nodes"]})
    elif kind == "node":
        found = [one for one in CLUSTER["nodes"] if one["metadata"]["name"] == rest[0]]
        answer(found[0]) if found else missing("nodes", rest[0])
    elif kind == "namespace":
        if rest == ["kube-system"]:
            answer({"metadata": {"name": "kube-system", "uid": CLUSTER["uid"]}})
        else:
            assert rest[1:] == ["--ignore-not-found"], rest
            if exists(f"namespaces/{rest[0]}"):
                with open(f"{STATE}/namespaces/{rest[0]}") as file:
                    print(file.read())
    elif kind in ("pods", "pod"):
        pods(kind, rest)
    elif kind == "configmap":
        name, flag, namespace = rest
        assert flag == "--namespace"
        found = CLUSTER["config_maps"].get(f"{namespace}/{name}")
        answer({"data": found}) if found else missing("configmaps", name)
    elif kind in CLUSTER["objects"]:
        assert rest in ([], ["--all-namespaces"]), rest
        if "forbidden-objects" in FAULTS and kind != "daemonsets.apps":
            sys.exit(f"Error from server (Forbidden): {kind} is forbidden: User cannot list resource at the cluster scope")
        answer({"items": CLUSTER["objects"][kind]})
    else:
        sys.exit(f"error: the server doesn't have a resource type \"{kind.partition('.')[0]}\"")


def pods(kind, rest):
    namespace = rest[rest.index("--namespace") + 1]
    if kind == "pods" and "--selector" in rest:
        answer({"items": CLUSTER["cni_pods"]})
        return
    made = [world.stored(f"pods/{file}") for file in pods_of(namespace)]
    listed = [{"metadata": one["metadata"], "spec": one["spec"], "status": status(one)} for one in made]
    if kind == "pod":
        found = [one for one in listed if one["metadata"]["name"] == rest[0]]
        answer(found[0]) if found else missing("pods", rest[0])
    else:
        answer({"items": listed})


def pods_of(namespace):
    return sorted(file for file in os.listdir(f"{STATE}/pods") if file.startswith(f"{namespace}."))


def status(pod):
    image = pod["spec"]["containers"][0]["image"]
    if "pull" in FAULTS:
        reason = {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}
        return {"phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [{"image": image, "state": {"waiting": reason}}]}
    if "evicted" in FAULTS and pod["metadata"]["name"] == "pod2":
        return {"phase": "Failed", "reason": "Evicted", "message": f"{pod['spec']['nodeName']} was low on memory"}
    return {"phase": "Running", "podIP": CLUSTER["addresses"][pod["metadata"]["name"]],
            "conditions": [{"type": "Ready", "status": "True"}]}


def can_i(rest):
    assert rest[0] == "can-i", rest
    if any(fault.startswith("may-not:") and fault.partition(":")[2] == f"{rest[1]} {rest[2]}" for fault in FAULTS):
        print("no")
        sys.exit(1)
    print("yes")


def create(rest):
    import uuid
    from pathlib import Path

    import yaml

    assert rest == ["--filename", "-", "--output", "json"], rest
    state = Path(STATE)
    for one in yaml.safe_load_all(sys.stdin):
        kind, name = one["kind"], one["metadata"]["name"]
        before = (state / "made").read_text().splitlines() if (state / "made").exists() else []
        if ORDER[len(before) % len(ORDER)] != kind and kind != "Namespace":
            sys.exit(f"stand-in: {kind} is made out of order, after {before}")
        if kind == "Namespace":
            (state / "made").write_text("")
            before = []
            one["metadata"]["uid"] = str(uuid.uuid4())
            (state / "namespaces" / name).write_text(world.as_json(one))
            if "hang" in FAULTS:
                world.hang()
        elif not exists(f"namespaces/{one['metadata']['namespace']}"):
            missing("namespaces", one["metadata"]["namespace"])
        if kind == "Pod":
            refuse(one)
            world.store(f"pods/{one['metadata']['namespace']}.{name}", one)
        (state / "made").write_text("\n".join([*before, kind]) + "\n")
        answer(one)


def refuse(pod):
    spec = pod["spec"]
    assert spec["activeDeadlineSeconds"] > 0 and spec["automountServiceAccountToken"] is False
    assert spec["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    node = [one for one in CLUSTER["nodes"] if one["metadata"]["name"] == spec["nodeName"]]
    assert len(node) == 1, "a pod is pinned on a node that there is not"
    if "pods" in FAULTS or ("hostnetwork" in FAULTS and spec["hostNetwork"]):
        why = "host namespaces (hostNetwork=true)" if spec["hostNetwork"] else "unrestricted capabilities"
        sys.exit(f'Error from server (Forbidden): error when creating "STDIN": pods "{pod["metadata"]["name"]}" is forbidden: '
                 f'violates PodSecurity "baseline:latest": {why}')


def delete(rest):
    assert rest[0] == "namespace" and rest[2] == "--wait=true" and rest[3].startswith("--timeout="), rest
    if "stuck" in FAULTS:
        sys.exit(f"error: timed out waiting for the condition on namespaces/{rest[1]}")
    if not exists(f"namespaces/{rest[1]}"):
        missing("namespaces", rest[1])
    for file in (*(f"pods/{pod}" for pod in pods_of(rest[1])), f"namespaces/{rest[1]}"):
        os.unlink(f"{STATE}/{file}")
    print(f'namespace "{rest[1]}" deleted')


def enter(rest):
    flags, argv = rest[:rest.index("--")], rest[rest.index("--") + 1:]
    stdin, _, namespace, pod, _, container = flags
    assert flags == ["--stdin", "--namespace", namespace, pod, "--container", container] and stdin == "--stdin", flags
    if namespace in CLUSTER["cni_namespaces"]:
        enter_daemon(pod, container, argv)
    if not exists(f"pods/{namespace}.{pod}"):
        sys.exit(f'Error from server (NotFound): pods "{pod}" not found')
    if argv[:2] != ["python3", f"{INSIDE}/experiments/labs/kubernetes/attached.py"]:
        sys.exit(f"stand-in: a command in a pod of ours that nothing ends with the runner: {argv}")
    scripts = world.stored(f"pods/{namespace}.{pod}")["spec"]["volumes"][0]["configMap"]["items"]
    for word in argv:
        if word.startswith(INSIDE) and word.removeprefix(f"{INSIDE}/") not in [item["path"] for item in scripts]:
            sys.exit(f"stand-in: {word} is not in the pod")
    inside(pod, [sys.executable, "-I", "-S", *(word.replace(INSIDE, ROOT) for word in argv[1:])])


def enter_daemon(pod, container, argv):
    if "exec-daemons" in FAULTS:
        sys.exit(f'Error from server (Forbidden): pods "{pod}" is forbidden: User cannot create resource "pods/exec"')
    place = CLUSTER["daemons"][pod]
    if argv[0] in ("ip", "bridge", "sh") or (argv[:1] == ["cat"] and argv[1].startswith("/proc/net/")):
        assert argv in [list(one) for one in READING], argv
        inside(place, list(argv))
    if container == "calico-node" and argv == ["birdcl", "-s", "/var/run/calico/bird.ctl", "show", "protocols"]:
        # BIRD runs for real in the embedded lab; its client has another name in Debian's package.
        inside(place, ["birdc", "-s", f"/run/podpath/{place}.bird.ctl", *argv[3:]])
    if container == "calico-node" and argv == ["calico-node", "-felix-ready"]:
        if "felix" in FAULTS:  # as projectcalico/calico v3.32.1 node/pkg/health/health.go says it, on standard output
            print("calico/node is not ready: felix is not ready: readiness probe reporting 503")
        sys.exit("felix" in FAULTS)
    relay = {"kube-flannel": ("flannel_udp", "flanneld"), "weave": ("sleeve", "weaver")}[container]
    if argv == ["pidof", relay[1]]:
        # The lab's relay stands in for the CNI's own process.
        os.execvp(CLUSTER["enter"][0], [*CLUSTER["enter"], "cat", f"/run/podpath/{place}.{relay[0]}.pid"])
    if argv[0] == "cat" and argv[1].startswith("/proc/") and argv[1].endswith("/stat") and len(argv) == 2:
        import subprocess

        done = subprocess.run([*CLUSTER["enter"], *argv], capture_output=True, text=True)
        print(done.stdout.replace("(python3)", f"({relay[1]})").replace("(python)", f"({relay[1]})"), end="")
        sys.exit(done.returncode)
    if container == "weave" and argv[:2] == ["/home/weave/weave", "--local"]:
        print(CLUSTER["weave"][place][" ".join(argv[2:])])
        sys.exit()
    sys.exit(f"stand-in: unexpected command in {container}: {argv}")


def inside(place, argv):
    argv = [*CLUSTER["enter"], "ip", "netns", "exec", place, *argv]
    os.execvp(argv[0], argv)
