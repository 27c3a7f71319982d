"""What no counters of a device can be, and what no tool beside them: the view link since protocol p3."""

from __future__ import annotations

import copy
import json
from typing import Any

from hostile import forgery
from hostile.in_pairs import MODE, couple, put
from hostile.submission import Case, Plain, Submission


def _case(name: str, says: str, change: Any) -> Case:
    return Case(name, says, change, "slices")


def _link(s: Submission) -> Plain:
    """The mode's trial that counts."""
    return couple(s, "link")[MODE]


def _told(change: Any) -> Any:
    """Change the raw output of the link view, and read the trial anew."""
    def changed(s: Submission) -> None:
        content = s.raw(_link(s))
        change(content)
        put(s, _link(s), content)
        s.reckon()
    return changed


def _inside(change: Any) -> Any:
    """Change iperf3's own output in it."""
    def changed(content: Any) -> None:
        said = json.loads(content["iperf3"])
        change(said)
        content["iperf3"] = json.dumps(said)
    return _told(changed)


def _sizes(factor: float) -> Any:
    """iperf3's rates and bytes times a factor, so that they agree with themselves."""
    return _inside(lambda said: [forgery.times(said[name], factor, sizes=True) for name in ("intervals", "end")])


def _samples(size: float = 1, packets: float = 1, time: float = 1) -> Any:
    """The counters and their clock times a factor, from the first sample on."""
    def changed(content: Any) -> None:
        first = content["samples"][0]
        content["samples"] = [[begin + round((value - begin) * factor) for value, begin, factor in
                               zip(one, first, (time, size, packets), strict=True)] for one in content["samples"]]
    return changed


def _above_the_rate(s: Submission) -> None:
    """A tenth above the shaper's rate, with iperf3 too."""
    trial = _link(s)
    wire_bps = 8 * (trial["device_rx_bytes"] + 24 * trial["device_rx_packets"]) / trial["device_s"]
    factor = 1.1 * trial["link_rate_bps"] / wire_bps
    _sizes(factor)(s)
    _told(_samples(factor, factor))(s)


def _own_output_alone(s: Submission) -> None:
    trial = _link(s)
    s.set_raw(trial, s.raw(trial)["iperf3"].encode())
    trial["raw"]["tool"] = "iperf3 3.12"


def _of_the_wire(view: str) -> Any:
    """iperf3's output of the view wire in the place of slices."""
    def changed(s: Submission) -> None:
        trial, other = couple(s, view)[MODE], couple(s, "wire")[MODE]
        s.set_raw(trial, copy.deepcopy(s.raw(other)))
        trial["raw"]["tool"] = other["raw"]["tool"]
    return changed


def _value(**values: Any) -> Any:
    return _told(lambda content: content.update(values))


DAMAGED = "cannot be read: what is kept is damaged"
CASES = (
    _case("counters above the shaper's rate", "the shaper did not hold", _above_the_rate),
    _case("counters in less time", "were not read often enough", _told(_samples(time=0.4))),
    _case("bytes without their packets", "the shaper did not hold", _told(_samples(size=3))),
    _case("packets without their bytes", "is not believed", _told(_samples(packets=300))),
    _case("iperf3 saying more than the device carried", "is not believed", _sizes(4)),
    _case("iperf3 saying far less than the device carried", "the counters are those of another one", _sizes(0.1)),
    _case("packets without headers", "header_bytes is 0; a packet of this path has", _value(header_bytes=0)),
    _case("headers of half a packet", "is not believed", _value(header_bytes=700)),
    _case("headers without Ethernet", "header_bytes is 52; a packet of this path has", _value(header_bytes=52)),
    _case("headers below nothing", "header_bytes is -10000", _value(header_bytes=-10_000)),
    _case("no slow start left out of the counters", "omit_s is 0; the protocol leaves out 1 s", _value(omit_s=0)),
    _case("a start left out below nothing", "omit_s is -5", _value(omit_s=-5)),
    _case("counters of other seconds", "was asked for seconds = 60", _inside(
        lambda said: said["start"]["test_start"].update(duration=60))),
    _case("counters of another day", "is the output of another trial: it began at", _inside(
        lambda said: said["start"]["timestamp"].update(timesecs=1_700_000_000))),
    _case("counters of a transfer between other places", "is the output of another trial: it ran between", _inside(
        lambda said: said["start"]["connected"][0].update(local_host="10.99.0.1"))),
    _case("counters that go backwards", "went backwards", _told(lambda c: c["samples"].reverse())),
    _case("two samples", "were not read often enough", _told(lambda c: c.update(samples=c["samples"][:2]))),
    _case("no samples", "were not read at all", _value(samples=[])),
    _case("a sample of two numbers", DAMAGED, _told(lambda c: c["samples"][3].pop())),
    _case("a sample below zero", DAMAGED, _told(lambda c: c["samples"][3].__setitem__(0, -1))),
    _case("a sample of 400 digits", DAMAGED, _told(lambda c: c["samples"][3].__setitem__(1, 10**400))),
    _case("counters without iperf3", DAMAGED, _told(lambda c: c.pop("iperf3"))),
    _case("counters with a key more", "written otherwise than Podpath writes it", _value(note="x")),
    _case("counters with blanks", "written otherwise than Podpath writes it",
          lambda s: s.raw_text(_link(s), '"omit_s": 1', '"omit_s":  1')),
    _case("another format of counters", "the tool's own output says", lambda s: _link(s)["raw"].update(
        tool="podpath counters 2")),
    _case("iperf3's own output alone", "device_s comes from podpath counters 1 in this lab", _own_output_alone),
    _case("a rate of the device by hand", "the tool's own output says", lambda s: _link(s).update(device_rx_bytes=10**9)),
    _case("a time of the device taken out", "is missing; the protocol has it in the view link", lambda s: _link(s).pop(
        "device_s")),
    _case("a goodput without its counters", "the counters give", lambda s: _link(s).update(goodput_bps=949_000_000)),
    _case("iperf3 in the place of speed's slices", "pairs comes from podpath slices 1 in this lab", _of_the_wire("speed")),
    _case("iperf3 beside a ratio by hand", "the tool's own output gives none; leave it out", _of_the_wire("cost")),
)
