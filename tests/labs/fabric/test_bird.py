"""BIRD: the text we write, as golden files that BIRD itself accepts, and the text we read."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.labs.fabric import bird
from experiments.paths import ROOT

GOLDEN = ROOT / "tests" / "golden" / "bird"

SPEAKERS = {
    "mesh": bird.Speaker("172.31.0.1", 64512, (
        bird.BgpPeer("Mesh_172_31_0_2", "172.31.0.2", 64512, passive=True),), "192.168.1.0/26"),
    "ipip": bird.Speaker("172.31.0.2", 64512, (
        bird.BgpPeer("Mesh_172_31_0_1", "172.31.0.1", 64512),), "192.168.2.0/26", tunnel="tunl0"),
    "reflector": bird.Speaker("172.31.0.101", 64512, (
        bird.BgpPeer("Node_172_31_0_1", "172.31.0.1", 64512, passive=True, reflector_client=True),
        bird.BgpPeer("Global_172_31_0_102", "172.31.0.102", 64512, passive=True))),
    "tor": bird.Speaker("172.31.255.1", 64601, (
        bird.BgpPeer("Node_172_31_1_10", "172.31.1.10", 64513, passive=True, direct=True, local="172.31.1.1"),
        bird.BgpPeer("Spine_172_31_255_2", "172.31.255.2", 64602, direct=True))),
}


@pytest.mark.parametrize("name", SPEAKERS)
def test_configuration_is_the_golden_one(name: str) -> None:
    text = bird.configuration(SPEAKERS[name])
    path = GOLDEN / f"{name}.conf"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", SPEAKERS)
@pytest.mark.skipif(shutil.which("bird", path="/usr/sbin:/usr/bin") is None, reason="no BIRD here: `invoke setup`")
def test_bird_itself_accepts_the_configuration(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bird.conf"
    path.write_text(bird.configuration(SPEAKERS[name]).replace("/run/podpath/bird.log", str(tmp_path / "log")))
    if name == "ipip" and _version().startswith("BIRD version 3"):
        pytest.skip("BIRD 3 has no such tunnel's routes")
    done = subprocess.run(["/usr/sbin/bird", "-p", "-c", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _version() -> str:
    done = subprocess.run(["/usr/sbin/bird", "--version"], capture_output=True, text=True)
    return done.stdout + done.stderr


def test_sessions_are_read_from_what_birdc_prints() -> None:
    text = """BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
device1    Device     ---        up     07:49:43.120
direct1    Direct     ---        up     07:49:43.120
kernel1    Kernel     master4    up     07:49:43.120
Mesh_172_31_0_2 BGP        ---        up     07:49:44.391  Established
Mesh_172_31_0_3 BGP        ---        start  07:49:43.120  Active        Socket: Connection refused
"""
    assert bird.sessions(text) == {"Mesh_172_31_0_2": "Established", "Mesh_172_31_0_3": "Active"}


@pytest.mark.parametrize("since", [
    "07:49:44.391", "07:49:44", "2026-11-26", "2026-11-26 07:49:44", "2026-11-26 07:49:44.391", "Thu 26 Nov 07:49",
])
@pytest.mark.parametrize("table", ["---", "master", "master4"])
def test_the_state_is_found_however_the_time_is_written(since: str, table: str) -> None:
    text = f"""BIRD 3.1.0 ready.
Name       Proto      Table      State  Since         Info
Mesh_1     BGP        {table}        up     {since}  Established
Mesh_2     BGP        {table}        start  {since}  OpenSent
Mesh_3     BGP        {table}        start  {since}  Passive
Mesh_4     BGP        {table}        down   {since}
Mesh_5     BGP        {table}        start  {since}  Idle          BGP Error: Bad peer AS
"""
    assert bird.sessions(text) == {"Mesh_1": "Established", "Mesh_2": "OpenSent", "Mesh_3": "Passive", "Mesh_4": "unknown",
                                   "Mesh_5": "Idle"}


@given(st.text())
def test_any_text_is_read_without_complaint(text: str) -> None:
    assert isinstance(bird.sessions(text), dict)


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_exactly_one_side_of_a_mesh_session_dials(a: object, b: object) -> None:
    if a != b:
        assert bird.mesh_is_passive(str(a), str(b)) != bird.mesh_is_passive(str(b), str(a))
