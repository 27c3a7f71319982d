"""The recipes of a mode in Kubernetes: nothing is built, for the cluster's CNI has built it; everything is looked at.

What is looked at, before and after measuring: the CNI's objects (through the API), its daemons (in their pods), and the
nodes' links and routes (from pods of ours on the nodes' own network). A part that may not be seen is named in the result.
Where none of a mode's own signs could be seen, the attestation fails: no number without one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from experiments.catalog import Mode, sizes
from experiments.dataplanes.found.cluster_objects import Json, Reader, mapping
from experiments.dataplanes.found.cni import CniInCluster, evidence
from experiments.dataplanes.found.node_view import longest
from experiments.dataplanes.recipe import Daemon, expect, ip_json, placeholder_names, wait_for_pods
from experiments.errors import ExperimentFailed
from experiments.evidence import Check
from experiments.labs.base import Completed, Lab, Node, Pod, run
from experiments.labs.kubernetes.base import KubernetesLab
from experiments.probes import mtu

LINK_BYTES = 1500  # of the underlay, where no pod of ours may look at it: Ethernet's (IEEE 802.3)
# Packets that take a relay some ticks of the clock (10 ms each): it needs 10 µs and more for one, and each comes back.
ENOUGH = ("ping", "-n", "-q", "-i", "0.001", "-c", "1000", "-w", "10")


class FoundRecipe:
    """What all CNIs share; see :class:`experiments.dataplanes.recipe.Recipe`."""

    daemon = ""  # the container of the CNI's pod in which its daemon runs …
    process = ""  # … and the process there that every packet passes, if there is one

    seen: Any  # the CNI's own evidence

    def __init__(self, cni: CniInCluster, lab: KubernetesLab, mode: Mode) -> None:
        self.cni = cni
        self.lab = lab
        self.pods: tuple[Pod, ...] = lab.pods()
        self.members = tuple(lab.members[node.name] for node in lab.nodes)
        self.reader = Reader(lab.kubectl, lab.transcript)
        self.objects = self._nodes()
        self._ask()
        self.worked: dict[str, int] = {}
        if lab.refused:
            self.reader.unseen["links, routes and a captured packet"] = lab.refused
        self.mode = self._fitted(mode)

    def _ask(self) -> None:
        """Ask the API for what it says of the CNI now."""
        found, pods = evidence(self.reader, self.objects, {self.cni.name: self.cni})
        self.seen, self.daemon_pods = found.own[self.cni.name], pods.get(self.cni.name)

    def _nodes(self) -> tuple[Json, ...]:
        """The objects of the two nodes."""
        found = []
        for name in self.members:
            try:
                found.append(mapping(self.lab.kubectl.json("get", "node", name)))
            except ExperimentFailed as failure:
                self.reader.unseen["nodes"] = failure.problem
                found.append({})
        return tuple(found)

    # -- what differs between clusters, in one place ------------------------------------------------------------------

    def _fitted(self, mode: Mode) -> Mode:
        """The mode with the sizes and numbers of this cluster: its underlay's MTU, what its CNI was given."""
        self.underlay_bytes = self._underlay_bytes()
        return self._with_settings(sizes.with_pod_mtu(mode, self._pod_bytes(mode), self.underlay_bytes))

    def _underlay_bytes(self) -> int:
        """The smaller MTU of the two nodes' devices."""
        if self.lab.refused:
            return LINK_BYTES
        found = [self._link(node, node.device, record=False).get("mtu", 0) for node in self.lab.nodes]
        if not all(isinstance(one, int) and one > 0 for one in found):
            raise ExperimentFailed("The MTU of the nodes' network devices could not be read.")
        return int(min(found))

    def _pod_bytes(self, mode: Mode) -> int:
        """The largest packet of a pod: what the headers leave, unless the CNI was given another size."""
        return self.underlay_bytes - mode.overhead_bytes

    def _with_settings(self, mode: Mode) -> Mode:
        """The mode with other numbers that the CNI was given (ports, identifiers)."""
        return mode

    # -- the recipe ---------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Nothing: the CNI has done it."""

    def wait_ready(self, timeout_s: float) -> None:
        """Each pod answers the other; that a pod is Ready says nothing of the way to the other node."""
        wait_for_pods(self.lab, self.pods, timeout_s)

    def attest(self) -> list[Check]:
        """Objects, daemons, links and routes, as far as they may be seen; and the MTU of the pods' devices."""
        self._ask()
        checks = [*self._object_checks(), *self._daemon_checks()]
        if not self.lab.refused:
            checks += [check for node in self.lab.nodes for check in self._node_checks(node)]
        if not checks:
            why = "; ".join(f"{what}: {reason}" for what, reason in self.reader.unseen.items())
            checks.append(expect("signs", "cluster", "seen", f"none could be seen ({why})", "kubectl"))
        if not self.lab.refused:
            checks += self._underlay_checks()
        return checks + [self._pod_device_check(pod) for pod in self.pods]

    def _object_checks(self) -> list[Check]:
        return []

    def _daemon_checks(self) -> list[Check]:
        return []

    def _node_checks(self, node: Node) -> list[Check]:
        raise NotImplementedError

    def _underlay_checks(self) -> list[Check]:
        """Both nodes' devices; if their MTU is not mode.yml's, the evidence says what that changes."""
        said = "mode.yml's sizes hold"
        if self.underlay_bytes != LINK_BYTES:
            said = f"mode.yml speaks of {LINK_BYTES}: here pods have {self.mode.mtu.pod_bytes}, and lengths follow"
        return [expect("underlay.mtu_bytes", node.name, self.underlay_bytes,
                       self._link(node, node.device, record=False).get("mtu", "no such device"),
                       f"ip -json -details link show dev {node.device}; {said}") for node in self.lab.nodes]

    def _pod_device_check(self, pod: Pod) -> Check:
        links = ip_json(self.lab, pod.name, "link", "show", "dev", "eth0")
        observed = links[0].get("mtu", 0) if links else "no such device"
        return expect("pod.device_mtu_bytes", pod.name, self._device_bytes(), observed,
                      f"ip -json link show dev eth0; the underlay has {self.underlay_bytes}")

    def _device_bytes(self) -> int:
        """The MTU of a pod's device."""
        return self.mode.mtu.pod_bytes

    # -- asking -------------------------------------------------------------------------------------------------------

    def _link(self, node: Node, device: str, *, record: bool = True) -> dict[str, Any]:
        links = ip_json(self.lab, node.name, "-details", "link", "show", "dev", device, record=record)
        return links[0] if links else {}

    def _other(self, node: Node) -> Node:
        return next(other for other in self.lab.nodes if other != node)

    def _route(self, node: Node) -> tuple[dict[str, Any], str]:
        """The longest route that leads from a node to the other node's pod, and the command that shows it."""
        address = self.pods[self.lab.nodes.index(self._other(node))].address
        found = longest(ip_json(self.lab, node.name, "route", "show", "match", address))
        return found, f"ip -json route show match {address}"

    def _inside(self, node: Node, *argv: str) -> Completed | None:
        """Run a command where the CNI's daemon runs on a node; None, and a note, where that is not allowed."""
        if (place := self._daemon_place(node)) is None:
            return None
        done = run(self.lab, place, argv, check=False)
        if done.exit_code and not done.stdout:  # who may not enter gets no output, and a program of the CNI prints some
            self.reader.unseen[f"`{argv[0]}` in {self.daemon}"] = (done.stderr.strip().splitlines() or ["no answer"])[-1]
            return None
        return done

    def _daemon_place(self, node: Node) -> str | None:
        """The place of the CNI's daemon on a node, as the lab's commands know it."""
        pods = self.daemon_pods
        pod = pods.on.get(self.members[self.lab.nodes.index(node)]) if pods else None
        if pods is None or pod is None:
            self.reader.unseen[self.daemon] = "no running pod of the CNI was found on the node"
            return None
        place = f"{self.daemon}@{node.name}"
        self.lab.reach(place, pods.namespace, pod, self.daemon)
        return place

    def _worked_check(self, node: Node) -> list[Check]:
        """That the process through which packets pass has used CPU time since it was last looked at, or since it began."""
        place, pid = self._daemon_place(node), self._pid(node)
        if place is None or pid is None:
            return []
        before, evidence_said = self.worked.get(place, 0), f"cat /proc/{pid}/stat in {self.daemon}"
        name, ticks = self._ticks(place, pid)
        if 0 <= ticks < before:
            before = 0  # CPU time does not fall: this is another process of that number
        if ticks == before:  # nothing need have passed since then: where a trial failed, it is looked at twice in a row
            run(self.lab, self.pods[0].name, [*ENOUGH, self.pods[1].address], check=False, record=False)
            evidence_said += f" after {' '.join(ENOUGH)}"
            name, ticks = self._ticks(place, pid)
        self.worked[place] = max(ticks, 0)
        return [expect("process", node.name, self.process, name, evidence_said),
                expect("process.cpu_time", node.name, "grew", "grew" if ticks > before else f"stayed at {ticks} ticks",
                       evidence_said)]

    def _ticks(self, place: str, pid: int) -> tuple[str, int]:
        """The process's name and the CPU time that it has used, in clock ticks; -1 where there is none."""
        said = run(self.lab, place, ["cat", f"/proc/{pid}/stat"], check=False, record=False).stdout
        fields = said.rpartition(")")[2].split()
        return _name_of(said), int(fields[11]) + int(fields[12]) if len(fields) > 12 else -1  # proc(5): utime and stime

    def _pid(self, node: Node) -> int | None:
        done = self._inside(node, "pidof", self.process)
        word = done.stdout.split()[:1] if done else []
        return int(word[0]) if word and word[0].isdigit() else None

    # -- facts --------------------------------------------------------------------------------------------------------

    def names(self) -> dict[str, str]:
        """Addresses for the placeholders of the declared header fields."""
        return placeholder_names(self.lab, self.pods)

    def daemons(self) -> list[Daemon]:
        """The process that every packet passes, on both nodes, if there is one."""
        found = []
        for node in self.lab.nodes if self.process else ():
            place, pid = self._daemon_place(node), self._pid(node)
            if place is not None and pid is not None:
                found.append(Daemon(self.process, place, pid))
        return found

    def implementation(self) -> dict[str, str]:
        """The images of the CNI, the kernel and Kubernetes' version as the cluster tells them; and what was not seen."""
        about = mapping(mapping(self.objects[0].get("status")).get("nodeInfo"))
        pods = self.daemon_pods
        said = {"control plane": ", ".join(pods.images) if pods else "no daemon set of the CNI was found",
                "data plane": f"Linux {about.get('kernelVersion', '(version not told)')} {self._data_plane()}",
                "Kubernetes": str(about.get("kubeletVersion", "version not told"))}
        if self.reader.unseen:
            said["not looked at"] = "; ".join(f"{what} ({why})" for what, why in self.reader.unseen.items())
        return said

    def _data_plane(self) -> str:
        raise NotImplementedError


def _name_of(stat: str) -> str:
    """The command's name in ``/proc/PID/stat``."""
    return stat.partition("(")[2].rpartition(")")[0] or "gone"


def over_routers(lab: Lab, mode: Mode) -> Mode:
    """The mode with the TTL that pods see over this underlay: each router between the nodes takes one.

    Only where the pods' own packets are what is routed: a tunnel hides the way from them.
    """
    first, second = lab.nodes
    run(lab, first.name, ["ping", "-n", "-c", "1", "-W", "2", second.address], check=False)  # for a person to see
    ttl = mtu.echo(lab, first.name, second.address).ttl
    return replace(mode, ttl_at_pod=ttl - 2) if ttl else mode  # both nodes route as well
