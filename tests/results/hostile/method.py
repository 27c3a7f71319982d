"""Measured otherwise than the method says, at another time, or not at all: protocols, clocks, copies."""

from __future__ import annotations

import copy
import gzip
import shutil
from typing import Any

from hostile.forgery import gone, raw
from hostile.submission import Case, Submission


def _protocol(**values: Any) -> Any:
    return lambda s: s.campaign["protocol"].update(values)


# -- protocols and times ----------------------------------------------------------------------------------------------

OTHER_ID = "other numbers have another id"
PROTOCOLS = (
    Case("an unknown protocol", "is not a protocol; allowed: p2-smoke", _protocol(id="p9-mine")),
    Case("the protocol p1", "is not a protocol", _protocol(id="p1-smoke")),
    Case("another profile's id", OTHER_ID, _protocol(id="p2-standard")),
    Case("p2-standard with one deployment", OTHER_ID, _protocol(deployments=1), "standard"),
    Case("p2-standard with shorter trials", OTHER_ID, _protocol(trial_s=1), "standard"),
    Case("trials of an hour", OTHER_ID, _protocol(trial_s=3600)),
    Case("no slow start left out", OTHER_ID, _protocol(omit_s=0)),
    Case("another load", OTHER_ID, _protocol(offered_bps=10)),
    Case("another congestion control by the protocol", OTHER_ID, _protocol(congestion_control="bbr")),
    Case("fewer views", OTHER_ID, _protocol(views=["speed"])),
    Case("an order that is not random", OTHER_ID, _protocol(order="as-i-like")),
    Case("a number that the protocol has not", "is not a number of p2-smoke", _protocol(best_of=9)),
    Case("a number taken out", "is missing; p2-smoke has", lambda s: s.campaign["protocol"].pop("wire_bytes")),
    Case("no number of nodes", "a lab has a number of nodes", lambda s: s.campaign["protocol"].pop("nodes")),
)


def _at(when: str) -> Any:
    return lambda s: s.campaign.update(started_at=when)


def _moved(s: Submission) -> None:
    """All times of the files a day later; the tools' outputs keep theirs."""
    s.campaign.update(started_at="2026-11-25T13:59:15Z", finished_at="2026-11-25T13:59:33Z")
    for one in (s.deployment(), *s.trials()):
        one["started_at"] = one["started_at"].replace("2026-11-24", "2026-11-25")
    s.rename("2026-11-25-sample")


def _together(s: Submission) -> None:
    first, second = s.deployment(0), s.deployment(1)
    second["started_at"] = first["started_at"]


MACHINES = tuple(Case(f"{name}: {value!r}", "no machine has that; allowed: a whole number",
                      lambda s, name=name, value=value: s.campaign["host"].update({name: value}))  # type: ignore[misc]
                 for name in ("cores", "memory_bytes") for value in (0, -1, 1e308, 10**17, "many"))
CLOCKS = (
    Case("the year 1", "is before there was a Podpath", _at("0001-01-01T00:00:00Z")),
    Case("a year before Podpath", "is before there was a Podpath", _at("2019-11-24T13:59:15Z")),
    Case("measured another day than the tool says", "is the output of another trial: it began at", _moved),
    Case("two deployments at the same time", "one machine measures one at a time", _together, "standard"),
    Case("a trial before the one in front of it", "is before what stands in front of it had ended",
         lambda s: s.trials()[2].update(started_at=s.campaign["started_at"])),
    Case("a trial without a time", "what was measured has a time", gone("speed", "started_at")),
    Case("a deployment without a time", "what was measured has a time", lambda s: s.deployment().pop("started_at")),
    Case("a tool's output of another year", "is the output of another trial: it began at",
         raw("speed", lambda c: c["start"]["timestamp"].update(timesecs=1_700_000_000))),
    Case("a tool's output without a time", "does not say when it began", raw("speed", lambda c: c["start"].pop("timestamp"))),
    Case("a longer run than the protocol's", "was asked for seconds = 60",
         raw("speed", lambda c: c["start"]["test_start"].update(duration=60))),
    Case("a smaller transfer than the protocol's", "was asked for size_bytes = 1000",
         raw("wire", lambda c: c["start"]["test_start"].update(bytes=1000))),
    Case("a load that was not offered", "was asked for offered_bps = 5e+07",
         raw("cost", lambda c: c["start"]["test_start"].update(target_bitrate=50_000_000)), "quick"),
)

# -- copies -----------------------------------------------------------------------------------------------------------


def _copied(*, repacked: bool = False, cookie: bool = False) -> Any:
    """The first deployment in the place of all others: names and times are the others' own."""
    def changed(s: Submission) -> None:
        first = copy.deepcopy(s.deployment(0))
        for number, other in enumerate(s.mode["deployments"][1:], 1):
            own = [(trial["id"], trial["started_at"], trial["raw"]["path"]) for trial in other["trials"]]
            other["trials"] = copy.deepcopy(first["trials"])
            for trial, (identity, when, path) in zip(other["trials"], own, strict=True):
                packed = (s.folder / trial["raw"]["path"]).read_bytes()
                trial.update(id=identity, started_at=when, raw={**trial["raw"], "path": path})
                if repacked or cookie:
                    text = gzip.decompress(packed)
                    packed = gzip.compress(text + b" " * number if cookie else text, compresslevel=number, mtime=number)
                s.set_packed(trial, packed)
        s.reckon()
    return changed


def _again(s: Submission, identity: str) -> None:
    """The merged campaign once more under another id."""
    shutil.copytree(s.folder, s.folder.with_name(s.folder.name + "-merged"))
    merged = s.folder.with_name(s.folder.name + "-merged")
    for name in ("campaign.yml", s.mode_name):
        path = merged / name
        path.write_text(path.read_text().replace(s.folder.name, merged.name))
    s.rename(identity)


def _again_repacked(s: Submission) -> None:
    _again(s, "2026-11-24-mine")
    for trial in s.trials():
        s.set_packed(trial, gzip.compress(gzip.decompress((s.folder / trial["raw"]["path"]).read_bytes()), 1, mtime=7))


def _one_for_another(s: Submission) -> None:
    first, second = s.trial("speed"), s.trials()[-1]
    second.update({name: first[name] for name in ("goodput_bps", "sent_bps", "intervals_bps", "duration_s", "retransmits",
                                                  "mss_bytes")})
    s.set_raw(second, s.raw(first))
    s.reckon()


COPY = "is a copy of"
COPIES = (
    Case("six copies of one deployment", COPY, _copied(), "standard"),
    Case("six copies, packed anew", COPY, _copied(repacked=True), "standard"),
    Case("six copies, with a blank at the end", COPY, _copied(cookie=True), "standard"),
    Case("one trial's output for another", COPY, _one_for_another),
    Case("a merged campaign under a new id", "is a copy from the campaign", lambda s: _again(s, "2026-11-24-mine")),
    Case("a merged campaign under a new id, packed anew", "is a copy from the campaign", _again_repacked),
    Case("a merged campaign under an older id", "is a copy from the campaign", lambda s: _again(s, "2026-11-23-mine")),
)

CASES = (*PROTOCOLS, *MACHINES, *CLOCKS, *COPIES)
