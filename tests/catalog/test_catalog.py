"""The catalogue: modes that agree with themselves and with the recipes, and errors that name their place."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import catalog
from experiments.catalog import Mode, pending, rules, stack
from experiments.errors import UserError
from experiments.paths import MODES, ROOT

GOLDEN = ROOT / "tests" / "golden" / "catalog"
NAMES = list(catalog.load())
LOADED = list(catalog.load().values())
EVERYTHING = [*LOADED, *catalog.variants().values()]
EXAMPLE = (MODES / "flannel-udp" / "mode.yml").read_text(encoding="utf-8")


def write(folder: Path, text: str, name: str = "flannel-udp") -> Path:
    path = folder / name / "mode.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def golden(path: Path, text: str) -> str:
    """The golden file's text; with UPDATE_GOLDEN it is written first."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def test_the_modes_of_the_note_are_there() -> None:
    assert {mode.encapsulation.name for mode in LOADED} == {"none", "ipip", "vxlan", "udp", "sleeve"}
    assert {mode.cni.name for mode in LOADED} >= {"calico", "flannel", "weave"}


def test_an_unknown_mode_is_answered_with_the_closest() -> None:
    with pytest.raises(UserError, match=r"Unknown mode 'calico-bpg'\. Did you mean calico-bgp\?") as caught:
        catalog.get("calico-bpg")
    assert all(name in caught.value.advice for name in NAMES)


def test_nothing_is_suggested_for_nonsense() -> None:
    with pytest.raises(UserError) as caught:
        catalog.get("zzz")
    assert "Did you mean" not in caught.value.problem


@pytest.mark.parametrize("mode", EVERYTHING, ids=lambda mode: mode.name)
def test_header_stacks_to_the_byte(mode: Mode) -> None:
    """Each declared stack as a readable file beside the mode, so that a change of any byte is seen in review."""
    found = stack.told(mode)
    assert found == golden(stack.path(mode), found)


@pytest.mark.parametrize("mode", LOADED, ids=lambda mode: mode.name)
def test_a_mode_is_whole(mode: Mode) -> None:
    assert mode.summary.endswith(".")
    if pending.PROSE not in pending.pending(mode):
        assert mode.choose.endswith((".", "so."))
        assert mode.sources and mode.history and mode.caveats and mode.facts
    assert all(source.link.startswith("https://") for source in mode.sources)
    assert (mode.cni.status == "archived") == bool(mode.cni.fork)
    assert mode.path[0].headers == mode.path[-1].headers  # what arrives is what was sent
    for hop in mode.path:
        assert hop.mtu_bytes in (None, mode.mtu.pod_bytes, mode.mtu.underlay_bytes)
    wire = [hop for hop in mode.path if hop.at == "wire"]
    assert len(wire) == 1 and len(wire[0].headers.split(" | ")) == len(mode.headers)


@pytest.mark.parametrize("mode", [mode for mode in LOADED if mode.daemon], ids=lambda mode: mode.name)
def test_upstream_s_daemon_has_recipes_under_its_name(mode: Mode) -> None:
    from experiments.dataplanes.table import recipe_for
    from experiments.labs.netns import backend as netns

    assert mode.daemon is not None and mode.daemon.version in mode.daemon.install
    lab = netns.on_paper()
    recipe_for(mode, lab, "upstream").build()
    typed = "\n".join(step.command for step in lab.transcript.steps)
    assert f"{mode.daemon.program} -" in typed
    assert "experiments.dataplanes.built.relays" not in typed


@pytest.mark.parametrize("mode", LOADED, ids=lambda mode: mode.name)
def test_ttl_follows_from_the_path(mode: Mode) -> None:
    """Each routing kernel takes one off; flannel's process too; a switched segment none."""
    if mode.cni.name == "weave":
        routers = 0
    else:
        routers = 2 + len([hop for hop in mode.path if hop.at in ("client ToR", "server ToR")])
    processes = 2 if mode.name == "flannel-udp" else 0
    assert mode.ttl_at_pod == 64 - routers - processes
    inner = mode.headers[mode.pod_packet].fields["ttl"]
    assert inner == 64 - (0 if mode.cni.name == "weave" else 1) - processes // 2


def test_the_decoder_gives_the_fields_that_may_be_declared() -> None:
    """One frame with every layer, through the real decoder: names and types are those of the rules."""
    scapy = pytest.importorskip("scapy.all")
    from experiments.probes import decode

    def pod() -> object:
        return scapy.Ether() / scapy.IP(src="10.0.0.1", dst="10.0.0.2") / scapy.TCP(options=[("Timestamp", (1, 2))])

    outer = scapy.Ether() / scapy.IP(src="172.31.0.1", dst="172.31.0.2")
    frames = [outer / scapy.UDP(dport=8472) / scapy.VXLAN(vni=1) / pod(),
              outer / scapy.UDP(dport=6783) / scapy.Raw(bytes(18) + len(bytes(pod())).to_bytes(2, "big")
                                                         + bytes(pod()))]
    for frame in frames:
        for header in decode.decode(bytes(frame)):
            for name, kind in rules.HEADER_FIELDS[header.layer].items():  # type: ignore[index]
                assert type(header.fields[name]) is kind, (header.layer, name)


@pytest.mark.parametrize("mode", [mode for mode in LOADED if not mode.explained_only], ids=lambda mode: mode.name)
def test_the_recipe_builds_what_the_mode_declares(mode: Mode) -> None:
    """Device, MTU and port stand in the commands that the recipe would type."""
    from experiments.dataplanes.table import recipe_for
    from experiments.labs.netns import backend as netns

    lab = netns.on_paper(nodes=2, underlay=mode.underlay.kind, reflectors=mode.underlay.reflectors,
                         mtu_bytes=mode.mtu.underlay_bytes)
    recipe = recipe_for(mode, lab)
    recipe.build()
    typed = "\n".join(f"{step.command}\n{step.output}" for step in lab.transcript.steps)
    assert f"mtu {mode.mtu.pod_bytes}" in typed
    if mode.signs.device and mode.name != "weave-fastdp":  # there the process makes it
        assert mode.signs.device in typed
    assert set(re.findall(r"\{(\w+)\}", " ".join(str(v) for h in mode.headers for v in h.fields.values()))) <= set(
        recipe.names())


# What is broken in a good file (flannel-udp), and the whole message for it in tests/golden/catalog/errors.txt.
BROKEN = {
    "bad YAML": ("cni:", "cni: {"),
    "a tab": ("  name: flannel\n", "\tname: flannel\n"),
    "a control character": ("flannel-udp\n", "flannel-udp\x07\n"),
    "unknown key": ("ttl_at_pod:", "tll_at_pod:"),
    "unknown key inside": ("  overhead_bytes: 28", "  overhead: 28"),
    "missing key": ("short_title: Flannel UDP\n", ""),
    "missing key inside": ("  title: Flannel\n", ""),
    "key twice": ("relay: true", "relay: true\nrelay: true"),
    "text for a number": ("ttl_at_pod: 60", "ttl_at_pod: sixty"),
    "quoted number": ("ttl_at_pod: 60", 'ttl_at_pod: "60"'),
    "fraction for a number": ("ttl_at_pod: 60", "ttl_at_pod: 60.5"),
    "number for text": ('upstream: "0.28.9"', "upstream: 0.28"),
    "yes for a number": ("pod_bytes: 1472", "pod_bytes: yes"),
    "empty value": ("short_title: Flannel UDP", "short_title:"),
    "list for text": ("short_title: Flannel UDP", "short_title: [Flannel UDP]"),
    "text for a list": ("architectures: [amd64]", "architectures: amd64"),
    "text for keys": ("underlay: {kind: l2}", "underlay: l2"),
    "value not allowed": ("kind: l2", "kind: l3"),
    "item not allowed": ("tools: [ip,", "tools: [ipp,"),
    "item of a list": ("  - at: wire", "  - at: cable"),
    "bad explicit tag": ("ttl_at_pod: 60", "ttl_at_pod: !!python/none x"),
    "long value": ("kind: l2", f"kind: {'x' * 200}"),
    "unknown header field": ("length_bytes: 1500, df", "lenght: 1500, df"),
    "header field of a wrong type": ("ttl: 64, protocol", "ttl: many, protocol"),
    "header field of a wrong type, number": ("df: true, ttl: 64", "df: 1, ttl: 64"),
    "unknown placeholder": ("{client_node}", "{client_host}"),
    "broken placeholder": ("{client_node}", "{client_node"),
    "header length": ("length_bytes: 1500", "length_bytes: 1499"),
    "header size": ("    bytes: 8", "    bytes: 9"),
    "no inner packet": ("  - layer: tcp", "  - layer: udp"),
    "overhead": ("overhead_bytes: 28", "overhead_bytes: 42"),
    "MTU": ("pod_bytes: 1472", "pod_bytes: 1473"),
    "underlay too small": ("underlay_bytes: 1500", "underlay_bytes: 1400"),
    "other name": ("name: flannel-udp", "name: flannel-tcp"),
    "kernel or user": ("relay: true", "relay: false"),
    "path": ("  - at: client pod", "  - at: client node"),
    "TTL that grows": ("    ttl: 63\n", "    ttl: 65\n"),
    "TTL that was captured otherwise": ("    ttl: 62\n    headers: \"Ethernet |", "    ttl: 61\n    headers: \"Ethernet |"),
    "TTL at the pod": ("ttl_at_pod: 60", "ttl_at_pod: 59"),
    "path in the kernel": ("    space: user", "    space: kernel"),
}


def message(folder: Path, text: str) -> str:
    path = write(folder, text)
    with pytest.raises(UserError) as caught:
        catalog.read(path)
    return caught.value.problem.replace(str(folder), "modes")


def test_error_messages(tmp_path: Path) -> None:
    """All messages in one golden file: each names file, line, key, value and what is allowed."""
    lines = []
    for what, (before, after) in BROKEN.items():
        assert before in EXAMPLE, what
        lines.append(f"{what}\n  {message(tmp_path, EXAMPLE.replace(before, after))}\n")
    found = "\n".join(lines)
    assert found == golden(GOLDEN / "errors.txt", found)


def test_an_empty_file(tmp_path: Path) -> None:
    assert message(tmp_path, "") == "modes/flannel-udp/mode.yml:1: the file is empty; keys with values are wanted."


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b"name: \xff\xfe\n")
    with pytest.raises(UserError, match="cannot be read"):
        catalog.read(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        catalog.read(tmp_path / "none" / "mode.yml")


def test_a_new_mode_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path, EXAMPLE.replace("name: flannel-udp", "name: mine"), "mine")
    assert list(catalog.load(tmp_path)) == ["mine"]


@settings(max_examples=150)
@given(data=st.data())
def test_a_damaged_file_is_a_mode_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Any line removed, doubled or overwritten: never anything but a mode or a UserError that names the file."""
    lines = EXAMPLE.splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number:number + 1] = data.draw(st.sampled_from([[], [lines[number]] * 2]) | st.lists(st.text(max_size=30)))
    path = write(tmp_path_factory.mktemp("modes"), "")
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    try:
        assert isinstance(catalog.read(path), Mode)
    except UserError as error:
        assert error.problem.startswith(f"{path}:") and error.advice
