"""Numbers that no machine gave, or that say other things than the tool's own output."""

from __future__ import annotations

import shutil
from typing import Any

from hostile import forgery
from hostile.forgery import gone, put, rates, raw, retold, round_trips, told
from hostile.submission import Case, Submission


def _trial(view: str, path: str = "pod-pod", **values: Any) -> Any:
    return put(lambda s: s.trial(view, path), **values)


def _alone(view: str, path: str = "pod-pod", **values: Any) -> Any:
    """Set values of a trial; what follows from them stays as it is."""
    return lambda s: s.trial(view, path).update(values)


# -- a trial beside its raw output ------------------------------------------------------------------------------------

SAYS = "the tool's own output says"
BESIDE_RAW = (
    Case("goodput beside another raw output", SAYS, lambda s: s.trial().update(goodput_bps=s.trial()["goodput_bps"] + 1)),
    Case("goodput 30 % above the raw output", SAYS, _trial("speed", goodput_bps=9e9)),
    Case("sent beside another raw output", SAYS, _alone("speed", sent_bps=9_000_000_000)),
    Case("a duration that was not measured", SAYS, _alone("speed", duration_s=1.1)),
    Case("retransmits left out", SAYS, _alone("speed", retransmits=123_456)),
    Case("intervals that were not", SAYS, _alone("speed", intervals_bps=[1, 10**11])),
    Case("another segment size", SAYS, _alone("speed", mss_bytes=9000)),
    Case("another congestion control", SAYS, _alone("speed", congestion_control="bbr")),
    Case("payload that was not sent", SAYS, _alone("wire", payload_bytes=7_999_999)),
    Case("no goodput beside a raw output", "is missing; a trial of the view speed has it", gone("speed", "goodput_bps")),
    Case("no duration beside a raw output", SAYS, gone("speed", "duration_s")),
    Case("no sent beside a raw output", SAYS, gone("speed", "sent_bps")),
    Case("a median that was not", SAYS, _trial("latency", p50_us=50.0), "quick"),
    Case("a slowest round trip that was not", SAYS, _trial("latency", max_us=900.0), "quick"),
    Case("more samples than were taken", SAYS, _alone("latency", samples=10**6), "quick"),
    Case("a tool that was not", SAYS, lambda s: s.trial()["raw"].update(tool="iperf3 3.99")),
    Case("a trial without its raw output", "is missing; a trial keeps what the tool printed", gone("speed", "raw")),
)

# -- a raw output beside itself ---------------------------------------------------------------------------------------


def _sum(name: str, key: str, factor: float) -> Any:
    def changed(content: Any) -> None:
        content["end"][name][key] *= factor
    return changed


def _interval(key: str, factor: float) -> Any:
    def changed(content: Any) -> None:
        content["intervals"][-1]["sum"][key] *= factor
    return changed


def _stream(side: str, factor: float) -> Any:
    def changed(content: Any) -> None:
        content["end"]["streams"][0][side]["bytes"] *= factor
    return changed


def _without_an_interval(content: Any) -> None:
    del content["intervals"][-1]


TWICE = "contradicts itself: its bytes over its seconds are not its bits_per_second"
WITHIN_RAW = (
    Case("a receiver's rate times 1.3", f"end.sum_received {TWICE}",
         raw("speed", _sum("sum_received", "bits_per_second", 1.3))),
    Case("a receiver's bytes doubled", f"end.sum_received {TWICE}", raw("link", _sum("sum_received", "bytes", 1.05)), "quick"),
    Case("a receiver's seconds halved", f"end.sum_received {TWICE}", raw("speed", _sum("sum_received", "seconds", 0.5))),
    Case("a sender's rate times 1.3", f"end.sum_sent {TWICE}", raw("speed", _sum("sum_sent", "bits_per_second", 1.3))),
    Case("a sender's seconds halved", f"end.sum_sent {TWICE}", raw("cost", _sum("sum_sent", "seconds", 0.5)), "quick"),
    Case("an interval's rate times 1.3", f"sum {TWICE}", raw("speed", _interval("bits_per_second", 1.3))),
    Case("an interval's bytes halved", f"sum {TWICE}", raw("cost", _interval("bytes", 0.5)), "quick"),
    Case("an interval taken out", "do not add up to the bytes of end.sum_sent", raw("link", _without_an_interval), "quick"),
    Case("retransmits of the sum taken out", "do not add up to the retransmits",
         raw("link", lambda c: c["end"]["sum_sent"].update(
        retransmits=99_999)), "quick"),
    Case("a stream's received bytes doubled", "do not add up to the bytes of end.sum_received",
         raw("speed", _stream("receiver", 2))),
    Case("a stream's sent bytes doubled", "do not add up to the bytes of end.sum_sent", raw("speed", _stream("sender", 2))),
    Case("every rate times 1.3, the bytes as they were", TWICE, rates(1.3, "speed", sizes=False)),
    Case("every rate of the link times 1.3", TWICE, rates(1.3, "link", sizes=False), "quick"),
    Case("a run of a nanosecond", "the headers leave", retold("link", lambda c: forgery.times(c["end"], 1e6, sizes=True) or
         forgery.times(c["intervals"], 1e6, sizes=True)), "quick"),
    Case("sockperf's percentiles below its smallest", "cannot be that of its percentiles",
         told(r"<MIN> observation = +[\d.]+", "<MIN> observation = 9999.0"), "quick"),
    Case("sockperf's mean beside its percentiles", "do not make a run of", told(r"avg-rtt=[\d.]+", "avg-rtt=1.000"), "quick"),
    Case("sockperf's percentiles made smaller", "cannot be that of its percentiles",
         told(r"(percentile 90.000 = +)[\d.]+([\s\S]*percentile 50.000 = +)[\d.]+", r"\g<1>19.500\g<2>19.400"), "quick"),
    Case("more observations than messages", "messages came back", told(r"Total \d+", "Total 99999"), "quick"),
    Case("sockperf without a mean", "duration, mean or smallest observation is missing", told(r"avg-rtt=[\d.]+", ""), "quick"),
)

# -- what no machine and no wire can do -------------------------------------------------------------------------------

ABOVE_THE_LINK = "of this link; allowed: at most"
CEILINGS = (
    Case("22 Pbit/s on two cores", "no memory is so fast", rates(1e6, "speed", sizes=True)),
    Case("22 Pbit/s between the nodes alone", "no memory is so fast", rates(1e6, "speed", sizes=True, paths=("host-host",))),
    Case("a hundred times, in all trials", "no memory is so fast", rates(100, "speed", sizes=True), "quick"),
    Case("ten times the baseline", "the nodes themselves reach", rates(30, "speed", sizes=True, paths=("pod-pod",)), "quick"),
    Case("the link's rate times 1.3", ABOVE_THE_LINK, rates(1.3, "link", sizes=True), "quick"),
    Case("a link of 100 Mbit/s that carries 124", ABOVE_THE_LINK, rates(1.3, "link", sizes=True), "standard"),
    Case("above its link by a tenth", ABOVE_THE_LINK, rates(1.12, "link", sizes=True, paths=("host-host",)), "quick"),
    Case("a link of 10^15 bit/s", "the protocol has 1000000000 on this kernel", _trial("link", link_rate_bps=10**15), "quick"),
    Case("a link of no rate", "link_rate_bps", gone("link", "link_rate_bps"), "quick"),
    Case("a link's rate in the view speed", "a trial of the view speed has none", _alone("speed", link_rate_bps=10**12)),
    Case("payload above what the wire carried", "the counters give",
         retold("wire", lambda c: forgery.times(c["end"], 1.3, sizes=True) or forgery.times(c["intervals"], 1.3, sizes=True))),
    Case("the wire's counters too small", "bytes were counted, so none can be more",
         lambda s: (s.trial("wire").update(underlay_tx_bytes=8_050_000), forgery.follow(s.trial("wire")), s.reckon())),
    Case("the same with segments of a size that is nobody's", "bytes were counted, so none can be more", lambda s: (
        retold("wire", lambda c: c["start"].update(tcp_mss_default=1447))(s),
        s.trial("wire").update(underlay_tx_bytes=8_300_000, duration_s=0.5), forgery.follow(s.trial("wire")), s.reckon())),
    Case("an iperf3 output that calls itself slices", "is of another kind than it says", lambda s: s.set_raw(
        s.trial("wire"), {"tool": "podpath slices 1", **s.raw(s.trial("wire"))})),
    Case("something noted of a machine that nobody notes", "is not noted of a machine; allowed: canary_ratio",
         lambda s: s.trial("wire")["noise"].update({"x" * 40: 0})),
    Case("frames too few for the payload", "so few frames cannot carry",
         lambda s: (s.trial("wire").update(underlay_tx_packets=9), forgery.follow(s.trial("wire")), s.reckon())),
    Case("a wire's ratio that was not", "the counters give", _trial("wire", wire_efficiency_ratio=0.95)),
    Case("no counters in the view wire", "is missing; the wire view is made of them", gone("wire", "underlay_tx_bytes")),
    Case("more than was offered", "were offered; allowed", rates(1.3, "cost", sizes=True), "quick"),
    Case("another load than all others have", "the protocol has 200000000",
         lambda s: s.trial("cost").update(offered_bps=400_000_000), "quick"),
    Case("more processor time than there is", "cores have less time", _alone("cost", softirq_core_s=900.0), "quick"),
    Case("a daemon busier than the machine", "cores have less time", _alone("cost", daemon_core_s=900.0), "relay"),
    Case("limited by a link that there is not", "there is no link_rate_bps", _alone("speed", limited_by="link")),
    Case("a goodput that is not finite", "the number 1e999 is too large",
         lambda s: s.text("calico-bgp.yml", "goodput_bps: ", "goodput_bps: 1e999 #")),
)

FLOORS = (
    Case("round trips of 25 ns", "below what the tool itself takes", round_trips(0.0003), "quick"),
    Case("round trips below the tool's floor", "below what the tool itself takes", round_trips(0.005), "relay"),
    Case("round trips a tenth of the nodes' own", "between the nodes themselves it is", round_trips(0.1), "quick"),
    Case("a floor of 25 ns", "no kernel answers so fast", _alone("latency", floor_p50_us=0.025), "quick"),
    Case("no floor", "is missing; a trial of the view latency has it", gone("latency", "floor_p50_us"), "quick"),
    Case("cost zero", "nothing moves bytes for so little", _trial("cost", cpu_core_s=0.0, core_s_per_gbit=0.0), "quick"),
    Case("cost below zero", "core_s_per_gbit", _alone("cost", cpu_core_s=-0.1, core_s_per_gbit=-0.1), "quick"),
    Case("a cost that does not follow", "cpu_core_s over the payload gives", _trial("cost", core_s_per_gbit=0.2), "quick"),
    Case("no processor time beside a cost", "is missing; a trial of the view cost has it",
         gone("cost", "cpu_core_s"), "quick"),
    Case("no context switch at all", "without being woken", _trial("cost", context_switches_per_packet=0.0), "quick"),
    Case("a load that is no share of the goodput", "of what one stream carried", lambda s: next(
        t for t in s.trials() if t.get("load_ratio")).update(offered_bps=1000), "quick"),
    Case("fewer samples than the protocol", "the protocol asks for at least 20000",
         lambda s: (round_trips(2)(s), s.trial("latency")), "relay"),
)

# -- what is computed -------------------------------------------------------------------------------------------------


def _plan_less(s: Submission) -> None:
    s.campaign["plan"] = s.campaign["plan"][:-1]
    left = {cell["n"] for cell in s.campaign["plan"]}
    s.mode["deployments"] = [deployment for deployment in s.mode["deployments"] if deployment["n"] in left]
    s.reckon()


def _empty(s: Submission) -> None:
    s.campaign.update(plan=[], noise_floor={})
    for path in s.folder.glob("[!c]*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (s.folder / s.mode_name).unlink(missing_ok=True)


def _only_the_mode(s: Submission) -> None:
    s.write()
    (s.folder / "campaign.yml").unlink()


def _fewer_trials(s: Submission) -> None:
    gone = s.deployment()["trials"].pop(1)
    (s.folder / gone["raw"]["path"]).unlink()
    s.reckon()


COMPUTED = (
    Case("a summary emptied", "summary.speed/pod-pod/1/native: is missing", lambda s: s.mode.update(summary={})),
    Case("a summary taken out", "is missing; the trials give", lambda s: s.mode.pop("summary")),
    Case("a cell of the summary emptied", "is missing; the trials give",
         lambda s: s.mode["summary"].update({"speed/pod-pod/1/native": {}})),
    Case("a median by hand", "it is computed, never written by hand",
         lambda s: s.mode["summary"]["speed/pod-pod/1/native"]["goodput_bps"].update(median=1)),
    Case("a cell that nobody asked for", "does not follow from the trials",
         lambda s: s.mode["summary"].update({"speed/pod-pod/9/native": {"goodput_bps": {"n": 1}}})),
    Case("a noise floor emptied", "is missing; the trials give", lambda s: s.campaign.update(noise_floor={})),
    Case("a noise floor made small", "it is computed, never written by hand",
         lambda s: s.campaign["noise_floor"]["trials"].update(ok=99)),
    Case("drift taken out", "the two baselines give", lambda s: s.deployment().pop("drift_ratio")),
    Case("drift made small", "the two baselines give", lambda s: s.deployment().update(drift_ratio=0.001)),
    Case("a campaign without results", "a campaign has at least one deployment", _empty),
    Case("a campaign without campaign.yml", "campaign.yml: cannot be read: No such file", _only_the_mode),
    Case("a deployment that was left out", "the protocol asks for 6", _plan_less, "standard"),
    Case("a trial that was left out", "without repeats; the protocol asks for 5", _fewer_trials),
    Case("trials in another order", "the protocol asks for", lambda s: s.deployment()["trials"].reverse()),
    Case("four streams called one", "was asked for streams", lambda s: next(
        t for t in s.trials() if t.get("streams") == 4).update(streams=1), "standard"),
    Case("small segments called native", "the protocol asks for \"small\" here", lambda s: next(
        t for t in s.trials() if t.get("mss") == "small").update(mss="native"), "quick"),
    Case("discarded without a disturbance", "no covariate of its noise is above",
         lambda s: (s.trial().update(status="discarded", reason="too slow"), s.reckon()), "quick"),
)

CASES = (*BESIDE_RAW, *WITHIN_RAW, *CEILINGS, *FLOORS, *COMPUTED)
