"""Captures: what a device sends, read back while it is written, whatever its end."""

from __future__ import annotations

import io
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.labs.base import run
from experiments.labs.netns import backend as netns
from experiments.probes import capture, iperf3, sniffer
from experiments.probes.capture import Capture
from experiments.probes.decode import decode
from experiments.probes.errors import ProbeError

FRAME = bytes(12) + b"\x08\x06" + bytes(28)


def pcap(*frames: bytes) -> bytes:
    return sniffer.PCAP_HEADER + b"".join(struct.pack("=IIII", 1, 2, len(f), len(f)) + f for f in frames)


def recorded(content: bytes) -> Capture:
    """A capture whose sniffer wrote ``content`` and ended."""
    copy = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    process = subprocess.Popen([sys.executable, "-c", copy], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    running = Capture(process)
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(content)
    process.wait(60)
    running.stop()
    return running


def test_frames_are_read_back_and_the_largest_of_the_connection_is_chosen() -> None:
    def tcp(port: int, size: int) -> bytes:
        ip = bytes.fromhex("45000000000040004006") + bytes(10)
        return bytes(12) + b"\x08\x00" + ip + b"\x00\x07" + port.to_bytes(2, "big") + bytes(8) + b"\x50" + bytes(7 + size)

    larger, wanted = FRAME + bytes(5000), tcp(5201, 1400)
    capture_ = recorded(pcap(FRAME, tcp(5201, 0), larger, wanted, tcp(179, 1449)))
    assert len(capture_.frames()) == 5
    assert capture_.full_size() == wanted
    assert recorded(pcap(FRAME, larger)).full_size() == larger  # shown, so that the attestation can say what was there


def test_a_last_frame_that_was_cut_short_is_left_out() -> None:
    assert recorded(pcap(FRAME, FRAME)[:-5]).frames() == [FRAME]


@pytest.mark.parametrize("content", [b"", b"no capture", pcap()[:10], bytes(24)])
def test_what_is_no_capture_is_refused(content: bytes) -> None:
    with pytest.raises(ProbeError, match="could not be read"):
        recorded(content).frames()


def test_an_empty_capture_has_no_packet() -> None:
    with pytest.raises(ProbeError, match="No packet was captured"):
        recorded(pcap()).full_size()


class _Process:
    """As much of a finished process as a capture asks for."""

    def __init__(self, content: bytes) -> None:
        self.stdout = io.BufferedReader(io.BytesIO(content))  # type: ignore[arg-type]


@given(st.binary(max_size=200) | st.integers(0, len(pcap(FRAME, FRAME))).map(lambda cut: pcap(FRAME, FRAME)[:cut])
       | st.binary(max_size=200).map(lambda end: pcap(FRAME) + end))
def test_random_bytes_are_frames_or_refused(content: bytes) -> None:
    running = Capture(_Process(content))  # type: ignore[arg-type]
    running._reader.join(5)
    try:
        frames = running.frames()
    except ProbeError:
        return
    assert sum(len(frame) for frame in frames) <= len(content)


@pytest.mark.lab
def test_the_sniffer_sees_what_leaves_and_is_gone_afterwards() -> None:
    with netns.up() as lab:
        run(lab, "node1", ["ethtool", "-K", "eth0", "tso", "off", "gso", "off"])
        with capture.on(lab, "node1", "eth0") as running:
            iperf3.run_tcp(lab, "node1", "node2", "172.31.0.2", size_bytes=500_000)
        frame = running.full_size()
        assert len(frame) == 1514
        assert decode(frame)[1].fields["source"] == "172.31.0.1"
        assert {decode(f)[1].fields["source"] for f in running.frames() if f[12:14] == b"\x08\x00"} == {"172.31.0.1"}
        listed = run(lab, "", ["ps", "-eo", "stat=,args="], record=False).stdout.splitlines()
        assert [line for line in listed if "sniffer" in line and not line.startswith("Z")] == []


@pytest.mark.lab
def test_what_was_sent_while_the_sniffer_had_no_processor_is_not_lost() -> None:
    """On a busy machine it may be told to end before it has run at all: here it is kept from it."""
    with netns.up() as lab, capture.on(lab, "node1", "eth0") as running:
        def let_go_on() -> None:
            os.kill(running._process.pid, signal.SIGCONT)  # nsenter stops with what it started
            run(lab, "", ["pkill", "--signal", "CONT", "--full", "sniffer.py"])

        run(lab, "", ["pkill", "--signal", "STOP", "--full", "sniffer.py"])
        run(lab, "node1", ["ping", "-n", "-c", "1", "-W", "2", "172.31.0.2"])
        threading.Timer(0.3, let_go_on).start()
        running.stop()
        assert any(frame[12:14] == b"\x08\x00" for frame in running.frames())


@pytest.mark.lab
@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="no tcpdump here: `invoke setup --tests`")
def test_the_capture_is_one_that_tcpdump_reads(tmp_path: Path) -> None:
    with netns.up() as lab:
        with capture.on(lab, "node1", "eth0") as running:
            run(lab, "node1", ["ping", "-n", "-c", "1", "-W", "2", "172.31.0.2"])
        file = tmp_path / "ping.pcap"
        file.write_bytes(bytes(running._bytes))
        shown = subprocess.run(["tcpdump", "-n", "-r", str(file)], capture_output=True, text=True, check=True).stdout
        assert "172.31.0.1 > 172.31.0.2: ICMP echo request" in shown


@pytest.mark.lab
def test_a_device_that_does_not_exist_is_a_reason() -> None:
    with netns.up() as lab:
        said = r"The capture did not start: .*No such device"
        with pytest.raises(ProbeError, match=said), capture.on(lab, "node1", "eth7"):
            pytest.fail("the block was entered")
        with pytest.raises(RuntimeError), capture.on(lab, "node1", "eth0") as running:
            raise RuntimeError
        assert running._process.poll() is not None


def test_where_segmentation_stays_on_larger_frames_are_left_out() -> None:
    def tcp(size: int) -> bytes:
        ip = bytes.fromhex("45000000000040004006") + bytes(10)
        return bytes(12) + b"\x08\x00" + ip + b"\x00\x07\x14\x51" + bytes(8) + b"\x50" + bytes(7 + size)

    joined, wanted = tcp(2896), tcp(1448)
    capture_ = recorded(pcap(tcp(10), joined, wanted))
    assert capture_.full_size() == joined
    assert capture_.full_size(most_bytes=len(wanted)) == wanted


@pytest.mark.lab
def test_on_a_shared_device_nobody_else_s_frame_is_written_down() -> None:
    """Two pairs of addresses on the same link: only frames that carry the first pair are captured."""
    with netns.up() as lab:
        for node, last in (("node1", "1"), ("node2", "2")):
            run(lab, node, ["ip", "address", "add", f"10.9.0.{last}/24", "dev", "eth0"])
        ours = bytes([10, 9, 0, 1, 10, 9, 0, 2])
        with capture.on(lab, "node1", "eth0", ours) as running:
            for address in ("172.31.0.2", "10.9.0.2", "172.31.0.2"):
                run(lab, "node1", ["ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", address])
        found = [decode(frame)[1].fields for frame in running.frames()]
    assert len(found) == 2
    assert {(fields["source"], fields["destination"]) for fields in found} == {("10.9.0.1", "10.9.0.2")}
