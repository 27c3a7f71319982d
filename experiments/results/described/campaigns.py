"""The fields of a campaign's file: environment, software, protocol, plan, noise floor."""

from __future__ import annotations

from experiments.labs.table import LABS
from experiments.results.described.field import NAME, SHA256, TIME, Field

CAMPAIGN = (
    Field("schema", "string", "Format and version of this file.", "store", required=True,
          allowed=("podpath/campaign/1",)),
    Field("id", "string", "Date and host: the name of the folder.", "store", required=True, pattern=NAME),
    Field("status", "string", "Whether all of the plan was carried out; aborted: it was, and then `validate` refused it.",
          "runner", required=True, allowed=("complete", "partial", "aborted")),
    Field("purpose", "string", "What it is for; a reference carries the site's headline figures.", "command line",
          required=True, allowed=("reference", "contribution", "experiment")),
    Field("started_at", "string", "When it began, UTC.", "clock", required=True, pattern=TIME),
    Field("finished_at", "string", "When the last deployment was stored, UTC.", "clock", pattern=TIME),
    Field("generator", "object", "Which Podpath wrote this.", "git", required=True, of="Generator"),
    Field("protocol", "object", "The numbers of the method, frozen under an id.", "experiments/measure/protocol.py",
          required=True, of="Protocol"),
    Field("host", "mapping", "The machine. What could not be had is absent, with a reason beside it.",
          "/proc, /sys, lscpu", required=True, of="any"),
    Field("network", "mapping", "The underlay, its devices, the TCP settings.", "ip, ethtool, sysctl", of="any"),
    Field("software", "mapping", "The tools, with versions.", "the tools themselves", of="any"),
    Field("plan", "list", "The deployments in the order of the seed, each with its state.", "seed", of="Cell"),
    Field("noise_floor", "mapping", "How far the baseline is from itself; derived, `validate` computes it again.",
          "summary", of="any"),
    Field("digest", "string", "SHA-256 over all other fields; shows an edit by hand.", "store", required=True,
          pattern=SHA256),
)

GENERATOR = (
    Field("version", "string", "Version of Podpath.", "package", required=True),
    Field("commit", "string", "Commit of the checkout.", "git rev-parse HEAD", pattern=r"^[0-9a-f]{40}$"),
    Field("commit_absent", "string", "Why there is no commit.", "git"),
    Field("dirty", "boolean", "Whether files differed from the commit.", "git status"),
    Field("command", "list", "What was typed.", "command line", of="string"),
)

PROTOCOL = (
    Field("id", "string", "Name under which the numbers are frozen; results of different ids are never pooled.",
          "experiments/measure/protocol.py", required=True, pattern=NAME),
    Field("profile", "string", "How thorough.", "command line", required=True),
    Field("deployments", "integer", "Fresh builds of each mode: the number of replicates.", "profile", required=True,
          minimum=1),
    Field("trial_s", "number", "Length of a timed trial.", "profile", "s", minimum=0),
    Field("omit_s", "number", "Seconds at the beginning that are not used (slow start).", "profile", "s", minimum=0),
    Field("cost_s", "number", "Length of a trial of the cost view.", "profile", "s", minimum=0),
    Field("wire_bytes", "integer", "Payload of a wire trial.", "profile", "bytes", minimum=1),
    Field("latency_samples", "integer", "Round trips of a latency trial, at least.", "profile", minimum=1),
    Field("views", "list", "What is looked at, in this order.", "profile", of="string"),
    Field("order", "string", "How the plan was ordered.", "campaign"),
    Field("seed", "integer", "What the order was drawn from.", "command line", required=True),
    Field("offered_bps", "integer", "Load of the cost view, equal for all modes.", "profile", "bit/s", minimum=1),
    Field("equal_mss_bytes", "integer", "Segment size that all modes can carry.", "profile", "bytes", minimum=1),
    Field("congestion_control", "string", "TCP congestion control that was asked for.", "profile"),
    Field("nodes", "integer", "Nodes in the lab.", "command line", minimum=2),
)

CELL = (
    Field("n", "integer", "Which deployment of the variant: the block.", "seed", required=True, minimum=1),
    Field("mode", "string", "The mode.", "command line", required=True, pattern=NAME),
    Field("lab", "string", "Where it is built.", "command line", required=True,
          allowed=tuple(LABS)),
    Field("kernel", "string", "On whose kernel.", "command line", required=True, allowed=("host", "uml")),
    Field("daemon", "string", "By whose daemon, if not by ours.", "command line", allowed=("upstream",)),
    Field("state", "string", "How far it got.", "runner", required=True,
          allowed=("planned", "done", "failed", "discarded", "not-run")),
    Field("reason", "string", "Why it was not done.", "runner"),
)
