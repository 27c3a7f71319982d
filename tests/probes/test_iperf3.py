"""iperf3: command lines, its JSON read from real and damaged outputs, and real runs in a lab."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.labs.base import run
from experiments.labs.netns import backend as netns
from experiments.paths import ROOT
from experiments.probes import iperf3
from experiments.probes.capture import on
from experiments.probes.errors import ProbeError
from experiments.probes.iperf3 import IperfResult, client_argv, parse, without_host_name

GOLDEN = ROOT / "tests" / "golden" / "probes"


def golden(name: str) -> str:
    return (GOLDEN / f"iperf3-{name}.json").read_text()


def changed(name: str, path: str, value: object) -> str:
    """A real output in which one value was changed (or taken out, with None)."""
    answer = json.loads(golden(name))
    *where, last = path.split(".")
    block: Any = answer
    for key in where:
        block = block[int(key)] if key.isdigit() else block[key]
    if value is None:
        del block[last]
    else:
        block[last] = value
    return json.dumps(answer)


def test_a_full_tmpdir_is_named_where_iperf3_names_a_device() -> None:
    said = iperf3._own_words("iperf3: error - failed to read /dev/urandom: Bad address\n")
    assert said.endswith("Bad address (so it says where TMPDIR, else /tmp, is full)")
    assert iperf3._own_words("a\niperf3: error - unable to connect\n") == "iperf3: error - unable to connect"


def test_a_timed_run_with_omitted_seconds() -> None:
    assert parse(golden("seconds-omit")) == IperfResult(
        received_bytes=5869404160, sent_bytes=5868093440, received_bps=23454338209.327244, sent_bps=23470543057.6415,
        seconds=2.001985, retransmits=0, mss_bytes=1448, congestion_control="cubic",
        intervals_bps=(23291950706, 23648320663), tool="iperf3 3.12",
    )


def test_the_receiver_counts_and_not_the_sender() -> None:
    result = parse(_received(8_000_000))
    assert (result.received_bytes, result.sent_bytes) == (8_000_000, 8_126_464)
    assert result.received_bps == pytest.approx(8 * 8_000_000 / result.seconds)


def test_a_run_of_a_number_of_bytes() -> None:
    result = parse(golden("bytes"))
    assert (result.received_bytes, result.sent_bytes, result.retransmits) == (8126464, 8126464, 0)


def test_the_mss_in_force_is_less_than_asked_for_by_the_timestamps() -> None:
    assert json.loads(golden("small-mss"))["start"]["tcp_mss"] == 536
    assert parse(golden("small-mss")).mss_bytes == 524


def test_without_reported_windows_the_mss_is_the_one_asked_for() -> None:
    answer = json.loads(golden("small-mss"))
    for interval in answer["intervals"]:
        for stream in interval["streams"]:
            del stream["snd_cwnd"]
    assert parse(json.dumps(answer)).mss_bytes == 536


def test_a_remainder_of_milliseconds_is_no_interval() -> None:
    answer = json.loads(golden("seconds-omit"))
    rest = json.loads(json.dumps(answer["intervals"][-1]))
    rest["sum"] |= {"seconds": 0.0004, "bytes": 2_500_000, "bits_per_second": 5e10}
    answer["intervals"].append(rest)
    assert parse(json.dumps(answer)).intervals_bps == (23291950706, 23648320663)


@pytest.mark.parametrize(("text", "reason"), [
    ("", "iperf3's output is empty."),
    ("  \n", "iperf3's output is empty."),
    (golden("bytes")[:-40], "iperf3's output is not JSON."),
    ("[" * 100_000, "iperf3's output is not JSON."),
    ("iperf3: error - unable to connect", "iperf3's output is not JSON."),
    ("[]", "iperf3's output is not a JSON object."),
    (golden("refused"), "iperf3 said: unable to connect to server: Connection refused"),
    (golden("no-such-congestion-control"),
     "The kernel does not offer the congestion control cubic to this user (iperf3: unable to set TCP_CONGESTION: "
     "Supplied congestion control algorithm not supported on this host)."),
    (changed("bytes", "start.version", "iperf 2.1.8"), "iperf3's version is 'iperf 2.1.8'; only versions 3 are "
     "understood."),
    (changed("bytes", "start.version", None), "iperf3's version is 'None'; only versions 3 are understood."),
    (changed("bytes", "end.sum_received", None),
     "iperf3's output has no end.sum_received; the run was cut short or the version is another one."),
    (changed("bytes", "end.sum_received.bits_per_second", "fast"), "iperf3's bits_per_second is fast, not a number."),
    (changed("bytes", "end.sum_received.bits_per_second", -1), "iperf3's bits_per_second is -1, not a number."),
    (changed("bytes", "end.sum_received.bits_per_second", math.nan), "iperf3's bits_per_second is nan, not a number."),
    (changed("bytes", "end.sum_received.bytes", True), "iperf3's bytes is True, not a number."),
    (changed("bytes", "end.sum_received.bytes", 0), "iperf3's receiver counted nothing."),
    (changed("bytes", "end.sum_received.seconds", 0), "iperf3's receiver counted nothing."),
    (changed("bytes", "end.sender_tcp_congestion", "bbr"), "cubic was asked for, bbr was used."),
    (changed("bytes", "end.sum_sent.bytes", 100_000_000),
     "iperf3's sender and receiver disagree by 91873536 bytes; buffers hold 16000000."),
    (changed("bytes", "end.sum_received.bytes", 100_000_000),
     "iperf3's sender and receiver disagree by 91873536 bytes; buffers hold 16000000."),
])
def test_a_damaged_output_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ProbeError) as refusal:
        parse(text)
    assert str(refusal.value) == reason


WARNING = "warning: JSON data length overflow\n"


@pytest.mark.parametrize(("text", "tool"), [
    (golden("bytes") + "\n" + golden("bytes"), "iperf3 3.12 (its output came twice)"),
    (WARNING + golden("bytes"), "iperf3 3.12 (after a warning: warning: JSON data length overflow)"),
    (WARNING + 2 * golden("bytes"),
     "iperf3 3.12 (after a warning: warning: JSON data length overflow; its output came twice)"),
])
def test_an_output_that_some_versions_spoil_is_read_with_a_note(text: str, tool: str) -> None:
    assert parse(text) == replace(parse(golden("bytes")), tool=tool)


@pytest.mark.parametrize(("text", "reason"), [
    (golden("bytes") + changed("bytes", "end.sum_received.bytes", 8126463), "iperf3 printed two results that differ."),
    (golden("bytes") + "and more", "iperf3's output is not JSON."),
    (WARNING + golden("bytes")[:-40], "iperf3's output is not JSON."),
    (WARNING + golden("refused"), "iperf3 said: unable to connect to server: Connection refused"),
])
def test_what_is_spoilt_otherwise_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ProbeError) as refusal:
        parse(text)
    assert str(refusal.value) == reason


def test_a_few_bytes_may_still_be_under_way() -> None:
    assert parse(_received(4_126_464)).received_bytes == 4_126_464


@pytest.mark.parametrize(("path", "value", "said"), [
    ("end.sum_received.bits_per_second", 9e17, "iperf3's end.sum_received contradicts itself: its bytes over its seconds"),
    ("end.sum_sent.seconds", 0.2, "iperf3's end.sum_sent contradicts itself: its bytes over its seconds are not"),
    ("intervals.0.sum.bits_per_second", 1, "iperf3's intervals[0].sum contradicts itself"),
    ("intervals", [], ""),
    ("end.sum_sent.retransmits", 7, "iperf3's intervals do not add up to the retransmits of end.sum_sent."),
    ("end.streams.0.receiver.bytes", 6_000_000, "iperf3's streams do not add up to the bytes of end.sum_received."),
    ("end.streams.0.sender.bytes", 9_000_000, "iperf3's streams do not add up to the bytes of end.sum_sent."),
])
def test_one_figure_that_was_changed_contradicts_the_others(path: str, value: object, said: str) -> None:
    text = changed("bytes", path, value)
    if not said:
        assert parse(text).intervals_bps == ()
        return
    with pytest.raises(ProbeError, match=re.escape(said)):
        parse(text)


def test_intervals_that_lack_a_second_are_not_what_was_sent() -> None:
    answer = json.loads(golden("seconds-omit"))
    del answer["intervals"][-1]
    with pytest.raises(ProbeError, match="do not add up to the bytes"):
        parse(json.dumps(answer))


def _received(size: int) -> str:
    """A real output in which the receiver has counted so many bytes, wherever it says so."""
    answer = json.loads(golden("bytes"))
    total, stream = answer["end"]["sum_received"], answer["end"]["streams"][0]["receiver"]
    for block in (total, stream):
        block |= {"bytes": size, "bits_per_second": size * 8 / total["seconds"]}
    return json.dumps(answer)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6,
)


def _paths(value: Any, *at: str | int) -> list[tuple[str | int, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, inner in entries for path in _paths(inner, *at, key))]


PATHS = {name: _paths(json.loads(golden(name)))[1:] for name in ("seconds-omit", "small-mss")}


@given(st.sampled_from(sorted(PATHS)), st.data())
@settings(max_examples=300)
def test_any_value_anywhere_gives_a_finite_result_or_a_reason(name: str, data: st.DataObject) -> None:
    answer = json.loads(golden(name))
    *where, last = data.draw(st.sampled_from(PATHS[name]))
    block = answer
    for key in where:
        block = block[key]
    block[last] = data.draw(JSON)
    _read(json.dumps(answer))


@given(st.integers(0, len(golden("bytes")) - 2) | st.text(max_size=200))
def test_truncated_and_foreign_text_is_refused(cut: int | str) -> None:
    with pytest.raises(ProbeError):
        parse(golden("bytes")[:cut] if isinstance(cut, int) else cut)


def _read(text: str) -> None:
    try:
        result = parse(text)
    except ProbeError as refusal:
        assert str(refusal)
        return
    rates = (result.received_bps, result.sent_bps, result.seconds, *result.intervals_bps)
    assert all(math.isfinite(rate) and rate >= 0 for rate in rates)
    assert result.received_bytes > 0
    assert result.mss_bytes is None or result.mss_bytes > 0


def test_command_lines() -> None:
    assert client_argv("10.0.0.1", seconds=3, omit_s=1, streams=4, mss_bytes=1300) == [
        "iperf3", "--client", "10.0.0.1", "--port", "5201", "--json", "--congestion", "cubic", "--connect-timeout",
        "3000", "--parallel", "4", "--time", "3", "--omit", "1", "--set-mss", "1300",
    ]
    assert client_argv("10.0.0.1", size_bytes=8, offered_bps=9, write_bytes=10)[-6:] == [
        "--bytes", "8", "--bitrate", "9", "--length", "10"]
    for wrong in ({}, {"seconds": 1, "size_bytes": 1}):
        with pytest.raises(ValueError, match="give seconds or size_bytes"):
            client_argv("10.0.0.1", **wrong)


def test_the_name_of_the_machine_is_taken_out_and_nothing_else() -> None:
    text = golden("bytes")
    named = text.replace('"Linux - ', '"Linux alices-laptop.example ')
    assert "alices" in named
    assert without_host_name(named) == text
    assert without_host_name("no JSON at all") == "no JSON at all"


# -- for real -----------------------------------------------------------------------------------------------------------


@pytest.mark.lab
def test_runs_in_a_lab_one_after_the_other() -> None:
    """So slowly that what a busy machine leaves under way at the end is less than the buffers hold."""
    with netns.up() as lab:
        for options in ({"seconds": 1, "streams": 2, "offered_bps": 40_000_000},
                        {"size_bytes": 4_000_000, "offered_bps": 400_000_000}):
            result, text = iperf3.run_tcp(lab, "node1", "node2", "172.31.0.2", **options)
            assert result.received_bytes > 0
            assert result.congestion_control == "cubic"
            assert parse(text) == result
            assert json.loads(text)["start"]["system_info"].split()[1] == "-"
        assert _iperf3s(lab) == []


@pytest.mark.lab
def test_the_mss_in_force_is_what_stands_on_the_wire() -> None:
    with netns.up() as lab:
        run(lab, "node1", ["ethtool", "-K", "eth0", "tso", "off", "gso", "off"])
        with on(lab, "node1", "eth0") as capture:
            result, _ = iperf3.run_tcp(lab, "node1", "node2", "172.31.0.2", size_bytes=4_000_000, mss_bytes=536)
        assert result.mss_bytes == len(capture.full_size()) - 14 - 20 - 32


@pytest.mark.lab
@pytest.mark.parametrize(("change", "reason"), [
    ({"address": "172.31.0.77"}, "iperf3 said: unable to connect to server"),
    ({"congestion_control": "no_such"}, "does not offer the congestion control no_such"),
    ({"client": "nowhere"}, "nowhere"),
    ({"server": "nowhere"}, "nowhere"),
])
def test_a_failed_run_has_a_reason_and_leaves_no_server(change: dict[str, str], reason: str) -> None:
    asked = {"client": "node1", "server": "node2", "address": "172.31.0.2"} | change
    congestion_control = asked.pop("congestion_control", "cubic")
    with netns.up() as lab:
        with pytest.raises(ProbeError, match=reason):
            iperf3.run_tcp(lab, **asked, seconds=1, congestion_control=congestion_control)
        assert _iperf3s(lab) == []


@pytest.mark.lab
def test_a_client_that_hangs_is_ended_inside_the_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iperf3, "SLACK_S", -59)  # leaves one second of a run of sixty
    with netns.up() as lab:
        with pytest.raises(ProbeError, match="iperf3 on node1 did not end within 1 s"):
            iperf3.run_tcp(lab, "node1", "node2", "172.31.0.2", seconds=60, offered_bps=1_000_000)
        assert _iperf3s(lab) == []


@pytest.mark.lab
def test_a_background_stream_runs_during_the_block_only() -> None:
    with netns.up() as lab:
        with iperf3.background(lab, "node1", "node2", "172.31.0.2", 10_000_000):
            assert len(_iperf3s(lab)) == 2
        assert _iperf3s(lab) == []


@pytest.mark.lab
def test_a_background_stream_that_cannot_start_is_no_load() -> None:
    with (
        netns.up() as lab,
        pytest.raises(ProbeError, match=r"stream from node1 to 172\.31\.0\.2 did not start"),
        iperf3.background(lab, "node1", "node1", "172.31.0.2", 10_000_000),  # nobody listens on node2
    ):
        pytest.fail("the block was entered")


def _iperf3s(lab: netns.NetnsLab) -> list[str]:
    """The running iperf3 processes of the lab (not those that ended and were not yet collected)."""
    listed = run(lab, "", ["ps", "-eo", "stat=,args="], record=False).stdout.splitlines()
    return [line for line in listed if "iperf3" in line and not line.startswith("Z")]
