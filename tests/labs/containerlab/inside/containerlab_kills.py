"""Runs in the capsule, where Docker and containerlab are real: a lab's runner is killed again and again, beside a neighbour.

Arguments: the number of kills, the seed of their moments. Prints JSON: the neighbour and this machine before the first run
and after each removal, how long a whole run took, and when each kill came.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from experiments.labs.containerlab.topology import IMAGE

MODE = "flannel-vxlan"
DEPLOY = ("from experiments.measure.deployment import Job, deploy; from experiments.variant import Variant; import sys; "
          f"sys.exit(deploy(Job(Variant({MODE!r}, lab='containerlab'), 1, 'smoke')).deployment.status != 'ok')")
CLEAN = "from experiments.cli.clean import run_clean; run_clean()"
NEIGHBOUR = {
    "name": "neighbour", "mgmt": {"network": "neighbour", "skip-when-unused": True},
    "topology": {
        "defaults": {"kind": "linux", "image": IMAGE, "image-pull-policy": "Never", "network-mode": "none"},
        "nodes": {"left": {"exec": ["ip address add 10.99.0.1/24 dev eth1"]},
                  "right": {"exec": ["ip address add 10.99.0.2/24 dev eth1"]}},
        "links": [{"endpoints": ["left:eth1", "right:eth1"]}],
    },
}
# Docker's own files come and go by themselves; its containers and networks are listed by name.
DOCKERS_OWN = ("/run/docker", "/run/containerd")
FOLDERS = ("/tmp", "/run", "/etc")


def said(*argv: str) -> str:
    """What a command prints; it has to succeed."""
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout


def seen() -> dict[str, Any]:
    """Everything that a lab could leave on this machine."""
    containers = said("docker", "ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}}").splitlines()
    ids = [line.split()[0] for line in containers]
    started = said("docker", "inspect", "--format", "{{.State.StartedAt}} {{.State.Pid}}", *ids).splitlines()
    files = [str(path) for folder in FOLDERS for path in Path(folder).rglob("*") if not str(path).startswith(DOCKERS_OWN)]
    return {
        "containers": sorted(containers), "started": sorted(started),
        "networks": sorted(said("docker", "network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}").splitlines()),
        "links": sorted(link["ifname"] for link in json.loads(said("ip", "-json", "link"))),
        "namespaces": sorted(said("ip", "netns", "list").splitlines()),
        "files": sorted(files), "hosts": Path("/etc/hosts").read_text(),
        "neighbour_answers": "1 received" in said("docker", "exec", "clab-neighbour-left", "ping", "-c1", "-W2", "10.99.0.2"),
    }


def main(kills: int, seed: int) -> None:
    """See the module."""
    folder = Path("/mnt/neighbour")  # beside the folders that are looked at: containerlab keeps its own files of the lab there
    folder.mkdir()
    (folder / "neighbour.clab.yml").write_text(json.dumps(NEIGHBOUR))
    os.environ |= {"XDG_STATE_HOME": "/tmp/state", "CLAB_VERSION_CHECK": "disable"}
    os.chdir(folder)
    said("containerlab", "deploy", "--topo", "neighbour.clab.yml")
    # Once to its end: what the first run of all makes for ever (folders, links of the kernel's modules) is there from then on.
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", DEPLOY], check=True, timeout=300)
    whole_s = time.monotonic() - started
    before, rounds = seen(), []
    moments = random.Random(seed)
    for _ in range(kills):
        after_s = moments.uniform(0, whole_s)
        runner = subprocess.Popen([sys.executable, "-c", DEPLOY], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(after_s)
        runner.kill()
        runner.wait()
        left = len(said("docker", "ps", "--all", "--quiet").splitlines()) - len(before["containers"])
        cleaned = subprocess.run([sys.executable, "-c", CLEAN], capture_output=True, text=True, timeout=300, check=False)
        rounds.append({"after_s": round(after_s, 2), "left": left, "status": cleaned.returncode, "said": cleaned.stdout[-400:],
                       "seen": seen()})
    print(json.dumps({"whole_s": round(whole_s, 2), "before": before, "rounds": rounds}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
