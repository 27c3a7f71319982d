"""Calico by upstream's own daemons: felix, confd and Calico's BIRD on every node (``--daemon upstream``).

They are the programs of the image calico-node, with etcd as the datastore, Calico's other one beside Kubernetes; calicoctl
writes the resources, and the CNI plugin attaches the pods. Reflectors and top-of-rack routers are no part of Calico: they stay
the lab's own BIRD 2.

Calico's daemons have files at fixed places (/etc/calico, /var/lib/calico, /var/run/calico), and the lab's nodes share a file
system. So each node has a process that holds a mount namespace with an /etc and a /var/lib of its own.
"""

from __future__ import annotations

from pathlib import Path

from experiments import paths
from experiments.catalog import Mode
from experiments.dataplanes.built.calico import Calico
from experiments.dataplanes.recipe import Daemon, expect
from experiments.dataplanes.upstream import calico_resources
from experiments.dataplanes.upstream.daemon_process import DaemonProcess, child, inside, version_of
from experiments.dataplanes.upstream.etcd import Etcd
from experiments.evidence import Check
from experiments.labs import private
from experiments.labs.base import Completed, Lab, Node, Pod, run

PROGRAM = "calico-node"
HERE = "/run/podpath/calico"  # in the lab: its programs and files, and ours by which they are run
PLUGINS = f"{HERE}/cni"
CONTROL = "/var/run/calico/bird.ctl"  # where Calico's own probes look for it, too
CONFIGURATION = "/etc/calico/confd/config"
# The packet filter's old tools come first where the lab puts them there, in the capsule.
PATH = f"{HERE}/tools:{HERE}/bin:/mnt/bin:{paths.PROGRAM_PATH}"
PROGRAMS = (PROGRAM, "bird", "birdcl", "calicoctl", "calico")
FILES = ("etc/calico/confd/templates", "etc/calico/confd/conf.d", "etc/calico/felix.cfg")
COMMAND_TIMEOUT_S = 90.0  # of a program of Calico's; in the capsule, where a system call takes several times as long

TOOLS = {
    # A node's own /etc, all links to the host's but for Calico's, and /var/lib; held until the lab ends.
    "hold": rf"""#!/bin/sh
set -e
own={HERE}/$1
mkdir -p "$own/etc"
mount --rbind /etc "$own/etc"
mount -t tmpfs tmpfs /etc
ln -s "$own"/etc/* /etc/
rm -f /etc/calico
mkdir -p /etc/calico/confd/config
cp -R {HERE}/etc/calico/. /etc/calico/
rm -f /etc/calico/confd/conf.d/bird6*
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /var/log
mount -t tmpfs tmpfs /run/calico
mkdir /var/lib/calico
echo $$ > "$own/holder"
exec sleep infinity
""",
    "on-node": rf"""#!/bin/sh
own={HERE}/$1
shift
set -a
. "$own/environment"
exec nsenter --target "$(cat "$own/holder")" --mount "$@"
""",
    # felix ends with 129 when settings have changed that it reads only at its start, and wants to be started again
    # (felix/daemon/daemon.go, configChangedRC); in the image runit does that.
    "again": """#!/bin/sh
while :; do
  "$@"
  status=$?
  [ $status = 129 ] || exit $status
  sleep 0.2
done
""",
    # What Calico's programs log while all goes well is long, and nothing for a result; what they say at their end is kept.
    "briefly": """#!/bin/sh
said=$("$@" 2>&1) && exit
status=$?
printf '%s\\n' "$said" | tail -n 5 >&2
exit $status
""",
    # What confd calls when it has written a configuration: `sv hup bird`; in the image, runit's.
    "sv": """#!/bin/sh
[ "$1" = hup ] && [ -s "/var/run/calico/$2.pid" ] && kill -HUP "$(cat "/var/run/calico/$2.pid")"
""",
}


class NodeDaemon(DaemonProcess):
    """A daemon of a node's, by its own name: ``felix`` is ``calico-node -felix``."""

    def __init__(self, lab: Lab, node: Node, name: str, *argv: str) -> None:
        self.file = "bird" if name == "bird" else PROGRAM
        self.asked_by = "--version" if name == "bird" else "-v"
        self._version = ""
        super().__init__(lab, node.name, on_node(node, *argv), name)

    def version(self) -> str:
        """What its program says of itself; asked once, for in the capsule it takes seconds to say it."""
        self._version = self._version or version_of(self.lab, self.place, f"{HERE}/bin/{self.file}", self.asked_by)
        return self._version


class Felix(NodeDaemon):
    """felix, which is started again whenever it asks for that."""

    def __init__(self, lab: Lab, node: Node) -> None:
        self.node = node
        self._last = 0
        super().__init__(lab, node, "felix", f"{HERE}/tools/again", PROGRAM, "-felix")

    @property
    def pid(self) -> int:
        """The process id that it has now, or had; its supervisor's until there has been one."""
        self._last = inside(child(child(self.process.pid))) or self._last
        return self._last or super().pid

    def ready(self) -> Completed:
        """What Calico's own probe says."""
        argv = on_node(self.node, PROGRAM, "-felix-ready")
        return run(self.lab, self.place, argv, check=False, record=False, timeout_s=COMMAND_TIMEOUT_S)

    def checks(self) -> list[Check]:
        """Also: it answers that it is ready. BGP does not tell: its sessions stand while felix is dead."""
        done = self.ready()
        said = "ready" if done.exit_code == 0 else (done.stderr or done.stdout).strip() or "not ready"
        return [*super().checks(), expect("daemon.ready", self.place, "ready", said, f"{PROGRAM} -felix-ready")]


class ByCalicoNode(Calico):
    """All four modes; what differs between them is in the datastore."""

    def __init__(self, lab: Lab, mode: Mode) -> None:
        super().__init__(lab, mode)
        self.store = Etcd(lab)
        self.felixes: list[Felix] = []
        self.processes: list[DaemonProcess] = []
        self._holders: list[DaemonProcess] = []

    # -- build ------------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """The datastore and what it says; the nodes' own files, pods and daemons; the routers beside them."""
        self.store.start()
        self._place()
        for node in self.lab.nodes:
            self._hold(node)
        first = self.lab.nodes[0]
        self.lab.write_file(first.name, f"{HERE}/resources.json", calico_resources.resources(self.mode, self.peering))
        self._calico(first, "calicoctl", "apply", "--filename", f"{HERE}/resources.json")
        for node, pod in zip(self.lab.nodes, self.pods, strict=True):
            self._calico(node, PROGRAM, "-startup")
            self._attach(node, pod)
            # After the pod, so that the tunnel's address comes out of the pod's block.
            self._calico(node, PROGRAM, "-allocate-tunnel-addrs", "-allocate-tunnel-addrs-run-once")
        for node in self.lab.nodes:
            self._start(node)
        for node in self.lab.nodes:
            self._start_bird(node)
        for router in self.lab.routers:
            super()._start_bird(router)

    def _place(self) -> None:
        """Calico's programs and files, wherever they are, at one place in the lab; and ours by which they are run."""
        folders = [f"{HERE}/{name}" for name in ("tools", "bin", "cni", "etc/calico/confd")]
        run(self.lab, "", ["mkdir", "-p", *folders, "/run/calico"])
        for name in PROGRAMS:
            self._bind(name, f"{HERE}/bin/{name}", "touch")
        for name in FILES:
            self._bind(name, f"{HERE}/{name}", "touch" if name.endswith(".cfg") else "mkdir")
        for plugin in ("calico", "calico-ipam"):  # one program, by two names
            run(self.lab, "", ["ln", "-s", f"{HERE}/bin/calico", f"{PLUGINS}/{plugin}"])
        for name, text in TOOLS.items():
            self.lab.write_file("", f"{HERE}/tools/{name}", text)
        run(self.lab, "", ["chmod", "755", *(f"{HERE}/tools/{name}" for name in TOOLS)])

    def _bind(self, name: str, target: str, make: str) -> None:
        # Not recorded: where somebody keeps it is nobody's business.
        program = paths.find(PROGRAM)
        source = None if program is None or self.lab.paper else paths.part(Path(program).resolve(), name)
        if source is not None:
            run(self.lab, "", [make, target], record=False)
            run(self.lab, "", ["mount", "--bind", str(source.resolve()), target], record=False)

    def _hold(self, node: Node) -> None:
        own = f"{HERE}/{node.name}"
        run(self.lab, node.name, ["mkdir", "-p", own])
        self.lab.write_file(node.name, f"{own}/environment", calico_resources.environment(node, self.store.endpoint, PATH))
        self.lab.write_file(node.name, f"{own}/cni.json",
                            calico_resources.cni(node, self.store.endpoint, self.mode.mtu.pod_bytes))
        # What `ip netns` mounts later, a pod's namespace, has to be seen inside.
        holder = DaemonProcess(self.lab, node.name, ["unshare", "--mount", "--propagation", "unchanged", f"{HERE}/tools/hold",
                                                     node.name], "the holder of the node's files")
        self._holders.append(holder)
        holder.wait_until(lambda: self._there(node, f"{own}/holder"), "to be ready")

    def _there(self, node: Node, *files: str) -> bool:
        return all(run(self.lab, node.name, ["test", "-s", file], check=False, record=False).exit_code == 0 for file in files)

    def _calico(self, node: Node, *argv: str) -> None:
        run(self.lab, node.name, on_node(node, f"{HERE}/tools/briefly", *argv), timeout_s=COMMAND_TIMEOUT_S)

    def _attach(self, node: Node, pod: Pod) -> None:
        """By Calico's CNI plugin, as a container runtime calls it: with a file as its standard input."""
        self.lab.add_pod(pod)
        request = calico_resources.cni_request(pod, private.network(pod.name), PLUGINS)
        run(self.lab, node.name, ["sh", "-c", 'exec "$@" < "$0"', f"{HERE}/{node.name}/cni.json",
                                  *on_node(node, "env", *request, f"{HERE}/tools/briefly", f"{PLUGINS}/calico")],
            timeout_s=COMMAND_TIMEOUT_S)

    def _start(self, node: Node) -> None:
        felix = Felix(self.lab, node)
        self.felixes.append(felix)
        self.processes += [felix, NodeDaemon(self.lab, node, "confd", PROGRAM, "-confd")]

    def _start_bird(self, node: Node) -> None:
        """When confd has written what BIRD reads."""
        confd = next(one for one in self.processes if one.place == node.name and one.program == "confd")
        confd.wait_until(lambda: self._configured(node), f"to write {CONFIGURATION}")
        argv = ("bird", "-R", "-s", CONTROL, "-P", "/var/run/calico/bird.pid", "-d", "-c", f"{CONFIGURATION}/bird.cfg")
        self.processes.append(NodeDaemon(self.lab, node, "bird", *argv))

    def _configured(self, node: Node) -> bool:
        argv = [argument for name in ("bird", "bird_ipam", "bird_aggr") for argument in
                ("-a", "-s", f"{CONFIGURATION}/{name}.cfg")][1:]
        return run(self.lab, node.name, on_node(node, "test", *argv), check=False, record=False).exit_code == 0

    # -- readiness and evidence -------------------------------------------------------------------------------------

    def wait_ready(self, timeout_s: float) -> None:
        """Also: felix is ready on every node."""
        for felix in self.felixes:
            felix.wait_until(lambda felix=felix: felix.ready().exit_code == 0, "to be ready")  # type: ignore[misc]
        super().wait_ready(timeout_s)

    def _show_protocols(self, speaker: Node) -> list[str]:
        if speaker.role == "node":
            return on_node(speaker, "birdcl", "-s", CONTROL, "show", "protocols")
        return super()._show_protocols(speaker)

    def attest(self) -> list[Check]:
        """Also: felix, confd and BIRD of every node."""
        return [*super().attest(), *(check for process in self.processes for check in process.checks())]

    # -- facts ------------------------------------------------------------------------------------------------------

    def daemons(self) -> list[Daemon]:
        """felix, confd and BIRD of the nodes, and the BIRD of the routers."""
        return [*(process.daemon() for process in self.processes), *(self._own_bird(router) for router in self.lab.routers)]

    def implementation(self) -> dict[str, str]:
        """The programs' own words."""
        place = self.lab.nodes[0].name
        node = version_of(self.lab, place, f"{HERE}/bin/{PROGRAM}", "-v")
        routing = version_of(self.lab, place, f"{HERE}/bin/bird")
        said = [f"{PROGRAM} {node} (felix, confd)", f"BIRD {routing}", f"etcd {self.store.version()}"]
        if self.lab.routers:
            said.append(f"{self._own_version(self.lab.routers[0].name)} beside the nodes")
        return {"control plane": ", ".join(said), "data plane": self._data_plane()}


def on_node(node: Node, *argv: str) -> list[str]:
    """The command line by which a program runs with the node's own files and environment."""
    return [f"{HERE}/tools/on-node", node.name, *argv]
