"""What a mode is in Kubernetes: published manifests with exactly the edits that are meant, and kind's cluster files.

No cluster is started here. The manifests belong to their projects and are not kept here: PODPATH_MANIFESTS names a folder
with them.
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from published import MANIFESTS, here

from experiments import catalog
from experiments.catalog.pending import in_kubernetes
from experiments.errors import ExperimentFailed, UserError
from experiments.labs.fabric import addresses, peering
from experiments.labs.fabric.bird import CALICO_AS
from experiments.labs.fabric.peering import TOR_AS
from experiments.labs.kind import kind_cluster, kind_plan
from experiments.labs.kubernetes import manifest
from experiments.labs.netns import backend as netns
from experiments.paths import ROOT

SCHEMA = Path(os.environ.get("PODPATH_CLAB_SCHEMA", ROOT.parent / "shared" / "schemas" / "clab.schema.json"))
GOLDEN = ROOT / "tests" / "golden" / "manifests"
MODES = sorted(name for name in catalog.load() if in_kubernetes(name))


def _patched(mode: str) -> tuple[bytes, bytes]:
    wanted = manifest.installation(mode)
    found = manifest.source(wanted.cni)
    published = manifest.fetch(found, MANIFESTS, offline=True)
    return published, manifest.patched(published, found, wanted.edits)


@here
@pytest.mark.parametrize("mode", MODES)
def test_the_edits_are_these_and_no_others(mode: str) -> None:
    before, after = (content.decode().splitlines(keepends=True) for content in _patched(mode))
    difference = "".join(difflib.unified_diff(before, after, "published", mode, n=0))
    path = GOLDEN / f"{mode}.diff"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(difference)
    assert difference == path.read_text()


@here
@pytest.mark.parametrize("mode", MODES)
def test_kubernetes_takes_what_was_edited(mode: str) -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    documents = [one for one in yaml.safe_load_all(_patched(mode)[1]) if one]
    documents = [item for one in documents for item in (one["items"] if one["kind"] == "List" else [one])]
    checked = 0
    for one in documents:
        # The schemas of a CustomResourceDefinition are those of the cluster; what is an instance of one is Calico's.
        if not one["apiVersion"].startswith("crd.projectcalico.org"):
            validate(one, "1.34", strict=False)
            checked += 1
    assert checked > 3


@here
def test_the_modes_are_what_they_should_be_in_the_edited_manifests() -> None:
    texts = {mode: _patched(mode)[1].decode() for mode in MODES}
    assert 'name: CALICO_IPV4POOL_IPIP\n              value: "Always"' in texts["calico-ipip"]
    for mode in ("calico-bgp", "calico-bgp-global", "calico-bgp-node"):
        assert 'name: CALICO_IPV4POOL_IPIP\n              value: "Never"' in texts[mode]
    assert '"Type": "vxlan"' in texts["flannel-vxlan"] and '"Type": "udp"' in texts["flannel-udp"]
    assert "/dev/net/tun" in texts["flannel-udp"] and "/dev/net/tun" not in texts["flannel-vxlan"]
    assert "WEAVE_NO_FASTDP" in texts["weave-sleeve"] and "WEAVE_NO_FASTDP" not in texts["weave-fastdp"]
    assert ":latest" not in texts["weave-fastdp"] + texts["weave-sleeve"]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_names_edits_that_there_are(mode: str) -> None:
    wanted = manifest.installation(mode)
    assert set(wanted.edits) <= {edit.name for edit in manifest.source(wanted.cni).edits}
    assert wanted.cni == catalog.get(mode).cni.name


def _peers(mode: str) -> list[dict[str, object]]:
    return [dict(one.spec) for one in manifest.installation(mode).objects if one.kind == "BGPPeer"]


def test_the_peers_are_those_of_the_address_plan() -> None:
    _, reflectors = addresses.plan(3, "l2", 2)
    peers = _peers("calico-bgp-global")
    assert peers == [{"peerIP": one.address, "asNumber": CALICO_AS} for one in reflectors]
    members, tors = addresses.plan(3, "routed", 0)
    peers = _peers("calico-bgp-node")
    assert peers == [{"nodeSelector": f"{kind_cluster.RACK_LABEL} == '{node.index}'", "peerIP": node.gateway,
                      "asNumber": TOR_AS + tor.index} for node, tor in zip(members, tors, strict=True)]


@given(st.integers(0, 3), st.integers(1, 3))
def test_an_edit_is_made_as_often_as_it_says_or_not_at_all(stands: int, times: int) -> None:
    edit = manifest.Edit("one", "", "find me\n", "put me\n", times)
    wanted = manifest.Published("file.yml", "", "", manifest.DaemonSet("a", "b", "c", ()), (edit,))
    content = b"before\n" + b"find me\n" * stands + b"behind\n"
    if stands == times:
        assert manifest.patched(content, wanted, ("one",)) == content.replace(b"find", b"put")
    else:
        with pytest.raises(UserError, match=f"stands there {stands} times instead of {times}"):
            manifest.patched(content, wanted, ("one",))
    with pytest.raises(UserError, match="no edit 'two'"):
        manifest.patched(content, wanted, ("two",))


def test_another_file_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    wanted = manifest.source("flannel")
    with pytest.raises(UserError, match="is not there"):
        manifest.fetch(wanted, tmp_path, offline=True)
    (tmp_path / wanted.file).write_text("something else")
    with pytest.raises(ExperimentFailed, match="not the manifest that was pinned"):
        manifest.fetch(wanted, tmp_path)
    with pytest.raises(UserError, match="only https"):
        manifest.fetch(replace(wanted, url="http://192.0.2.1/x"), tmp_path / "empty")


@pytest.mark.parametrize("mode", MODES)
def test_the_committed_cluster_file_is_the_function_s(mode: str) -> None:
    path = ROOT / "experiments" / "modes" / mode / "cluster.kind.yml"
    wanted = kind_cluster.text(catalog.get(mode), manifest.installation(mode))
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(wanted)
    assert path.read_text() == wanted


@pytest.mark.skipif(not SCHEMA.exists(), reason="no clab.schema.json here: `PODPATH_CLAB_SCHEMA=FILE invoke test`")
@pytest.mark.parametrize("mode", MODES)
def test_containerlab_s_schema_takes_the_fabric(mode: str) -> None:
    made = kind_plan.fabric(catalog.get(mode), "podpath-test")
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(made)] == []
    ends = [end for link in made["topology"]["links"] for end in link["endpoints"]]
    assert {end.split(":")[0] for end in ends} == set(made["topology"]["nodes"])
    assert sum(end.startswith("podpath-test-") and end.endswith(":eth1") for end in ends) == kind_cluster.NODES


@pytest.mark.parametrize("mode", MODES)
def test_the_plan_uses_only_files_that_it_writes_and_names_the_cluster_everywhere(mode: str) -> None:
    lab = netns.on_paper(nodes=3, underlay=catalog.get(mode).underlay.kind, reflectors=catalog.get(mode).underlay.reflectors)
    routers = {router.name: "router id 192.0.2.1;\n" for router in lab.routers}
    plan = kind_plan.plan(catalog.get(mode), "podpath-test", routers)
    later = {"manifest.yml", "kubeconfig", "bridge", "lab-image.tar"}  # made by a command, or edited before it
    words = [word for step in (*plan.up, *plan.down) for word in step.argv]
    assert {word for word in words if word.endswith((".yml", ".tar"))} <= set(plan.files) | later
    assert all(step.argv[0] in {"kind", "containerlab", "kubectl", "docker"} for step in (*plan.up, *plan.down))
    assert all("--kubeconfig" in step.argv for step in plan.up if step.argv[0] == "kubectl")
    numbers = [int(word.partition("=")[2]) for word in words if word.startswith("projectcalico.org/ASNumber=")]
    assert numbers == ([CALICO_AS + index for index in (1, 2, 3)] if mode == "calico-bgp-node" else [])
    assert "--wait" not in words  # without a CNI nobody is ready
    bound = [bind.split(":")[0] for node in yaml.safe_load(plan.files["fabric.clab.yml"])["topology"]["nodes"].values()
             for bind in node.get("binds", [])]
    assert set(bound) == {f"{router}.bird.conf" for router in routers} <= set(plan.files)


@here
@pytest.mark.parametrize("mode", ["calico-bgp-global", "calico-bgp-node"])
def test_the_kinds_that_are_waited_for_are_defined_in_the_manifest(mode: str) -> None:
    routers = peering.routers(catalog.get(mode), kind_cluster.NODES)
    words = [word for step in kind_plan.plan(catalog.get(mode), "podpath-test", routers).up for word in step.argv]
    waited = {word.partition("/")[2] for word in words if word.startswith("customresourcedefinition/")}
    assert waited == {"bgpconfigurations.crd.projectcalico.org", "bgppeers.crd.projectcalico.org"}
    defined = {one["metadata"]["name"] for one in yaml.safe_load_all(_patched(mode)[1])
               if one and one["kind"] == "CustomResourceDefinition"}
    assert waited <= defined


@pytest.mark.skipif(shutil.which("kind") is None, reason="no kind in PATH, whose own reader is the check")
@pytest.mark.parametrize("mode", MODES)
def test_kind_s_own_reader_takes_the_cluster_file(mode: str, tmp_path: Path) -> None:
    """kind reads the file strictly before it asks for Docker; with a broken one it says so, with a good one it goes on."""
    path = ROOT / "experiments" / "modes" / mode / "cluster.kind.yml"
    said = {}
    for name, text in (("good", path.read_text()), ("bad", path.read_text() + "unknownKey: 1\n")):
        file = tmp_path / f"{name}.yml"
        file.write_text(text)
        done = subprocess.run(["kind", "create", "cluster", "--name", "podpath-never", "--config", str(file), "--kubeconfig",
                               str(tmp_path / "kubeconfig")], capture_output=True, text=True, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DOCKER_HOST": "unix:///nonexistent"})
        assert done.returncode != 0  # there is no Docker to make it in
        said[name] = done.stderr
    assert "unknownKey" in said["bad"]
    assert "unknown" not in said["good"] and "unmarshal" not in said["good"]
