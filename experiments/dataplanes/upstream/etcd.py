"""etcd on the lab's first node: the store in which upstream's daemons of the nodes find each other."""

from __future__ import annotations

from experiments.dataplanes.upstream.daemon_process import DaemonProcess, version_of
from experiments.labs.base import Lab, run

CLIENT_PORT, PEER_PORT = 2379, 2380  # etcd's own


class Etcd:
    """For the lab only: it listens on that node's underlay address, without TLS."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.place = lab.nodes[0].name
        self.endpoint = f"http://{lab.nodes[0].address}:{CLIENT_PORT}"
        self.process: DaemonProcess | None = None

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            ExperimentFailed: it did not.
        """
        peer = f"http://127.0.0.1:{PEER_PORT}"
        argv = ["etcd", "--data-dir", "/run/podpath/etcd", "--listen-client-urls", self.endpoint, "--advertise-client-urls",
                self.endpoint, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster",
                f"default={peer}"]
        self.process = DaemonProcess(self.lab, self.place, argv, "etcd")
        self.process.wait_until(self._answers, "to answer")

    def control(self, *arguments: str) -> list[str]:
        """The command line of etcd's client."""
        return ["env", "ETCDCTL_API=3", "etcdctl", "--endpoints", self.endpoint, *arguments]

    def _answers(self) -> bool:
        return run(self.lab, self.place, self.control("endpoint", "health"), check=False, record=False).exit_code == 0

    def version(self) -> str:
        """etcd's own word."""
        return version_of(self.lab, self.place, "etcd")
