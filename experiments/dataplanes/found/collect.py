"""The script that saves what recognises a cluster's mode: kubectl alone, and only commands that read."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from experiments.dataplanes.found.cni import CniInCluster
from experiments.dataplanes.found.inquiry import PODS
from experiments.dataplanes.found.node_view import QUESTIONS
from experiments.dataplanes.found.saved import DAEMON_SETS, ERRORS, NODES, PODS_FILE

HEAD = f"""\
#!/bin/sh
# Saves what `invoke recognise --from FOLDER` reads: sh this-script FOLDER. It uses kubectl alone and changes nothing.
# Look through the folder before you give it away: it names your nodes and holds the settings of your daemon sets.
folder=${{1:-cluster}}
mkdir -p "$folder" || exit 1
save() {{
  file=$1; shift
  "$@" >"$folder/$file" 2>"$folder/$file{ERRORS}" </dev/null
  [ -s "$folder/$file{ERRORS}" ] || rm -f "$folder/$file{ERRORS}"
}}
"""
# A node's answers come from the container of the CNI's own daemon there, which is on the node's network.
NODE_LOOP = f"""\
while read -r node namespace pod phase addresses host containers; do
  case $node in NODE | */* | .* | "<none>") continue ;; esac
  case $containers in
{{cases}}
    *) continue ;;
  esac
  mkdir -p "$folder/$node"
  inside() {{{{
    file=$1; shift
    save "$node/$file" kubectl exec --namespace "$namespace" "$pod" --container "$container" -- "$@"
  }}}}
{{questions}}
done <"$folder/{PODS_FILE}"
echo "Saved in $folder: invoke recognise --from $folder"
"""


def script(cnis: Mapping[str, CniInCluster]) -> str:
    """The script, for the shell of any machine that has kubectl."""
    saved = {NODES: ["get", "nodes", "--output", "json"],
             DAEMON_SETS: ["get", "daemonsets.apps", "--all-namespaces", "--output", "json"], PODS_FILE: list(PODS)}
    saved |= {f"{kind}.json": ["get", kind, "--output", "json"] for cni in cnis.values() for kind in cni.objects}
    saved |= {f"configmap.{name}.json": ["get", "configmaps", "--all-namespaces", f"--field-selector=metadata.name={name}",
                                         "--output", "json"] for cni in cnis.values() for name in cni.config_maps}
    lines = [f"save {file} kubectl {shlex.join(argv)}" for file, argv in saved.items()]
    cases = "\n".join(f"    *{cni.published.container}*) container={cni.published.container} ;;" for cni in cnis.values())
    asked = [*QUESTIONS.items(), *(one for cni in cnis.values() for one in cni.questions.items())]
    questions = "\n".join(f"  inside {file} {shlex.join(argv)}" for file, argv in asked)
    return HEAD + "\n".join(lines) + "\n" + NODE_LOOP.format(cases=cases, questions=questions)
