"""The fields of a mode's file: deployments, attestation, the captured packet, the transcript."""

from __future__ import annotations

from experiments.labs.table import LABS
from experiments.results.described.field import NAME, SHA256, TIME, Field

MODE_RESULT = (
    Field("schema", "string", "Format and version of this file.", "store", required=True,
          allowed=("podpath/mode/1",)),
    Field("campaign", "string", "The campaign it belongs to: the name of the folder.", "store", required=True,
          pattern=NAME),
    Field("mode", "string", "The mode, by its name in the catalogue.", "catalogue", required=True, pattern=NAME),
    Field("lab", "string", "Where the mode was built.", "runner", required=True,
          allowed=tuple(LABS)),
    Field("kernel", "string", "Whose kernel carried the packets: the host's, or User-Mode Linux.", "runner",
          required=True, allowed=("host", "uml")),
    Field("implementation", "mapping", "What did the work, with versions: measured is this and nothing else.",
          "recipe", of="string"),
    Field("deployments", "list", "The fresh builds of the mode, in order.", "runner", of="Deployment"),
    Field("transcript", "list", "What was typed in the first deployment, and what it printed.", "lab",
          of="TranscriptStep"),
    Field("summary", "mapping", "Derived from the trials; `validate` computes it again.", "summary", of="any"),
    Field("caveats", "list", "What a reader has to bear in mind, by key.", "catalogue", of="string"),
    Field("daemon", "string", "Whose daemon carried or configured the mode: upstream's own. Absent where it was ours, or none.",
          "command line", allowed=("upstream",)),
    Field("digest", "string", "SHA-256 over all other fields; shows an edit by hand.", "store", required=True,
          pattern=SHA256),
)

DEPLOYMENT = (
    Field("n", "integer", "Which deployment of this mode in the campaign.", "campaign plan", required=True, minimum=1,
          header="deployment"),
    Field("status", "string", "Whether its numbers count.", "runner", required=True,
          allowed=("ok", "failed", "discarded", "not-run")),
    Field("reason", "string", "Why they do not; there unless the status is ok.", "runner"),
    Field("started_at", "string", "When the lab was begun, UTC.", "clock", pattern=TIME),
    Field("up_s", "number", "Making nodes and underlay.", "clock", "s", minimum=0, better="lower", digits=3,
          header="lab up"),
    Field("build_s", "number", "Typing the mode's commands.", "clock", "s", minimum=0, better="lower", digits=3,
          header="build"),
    Field("ready_s", "number", "From the last command until packets pass between the pods.", "clock", "s", minimum=0,
          better="lower", digits=3, header="data plane ready"),
    Field("attest_s", "number", "Gathering the evidence, before and after.", "clock", "s", minimum=0, better="lower",
          digits=3, header="attest"),
    Field("down_s", "number", "Removing the lab.", "clock", "s", minimum=0, better="lower", digits=3,
          header="lab down"),
    Field("drift_ratio", "number", "How far the baselines before and after lie apart, over their mean.", "trials",
          "ratio", minimum=0, maximum=2, better="lower", digits=6, header="drift"),
    Field("repeated_drift_ratio", "number", "The drift of a first attempt, for which the deployment was made again.",
          "trials of that attempt", "ratio", minimum=0, maximum=2, better="lower", digits=6, header="first drift"),
    Field("attestation_before", "list", "Evidence before measuring that the mode is in force.", "recipe", of="Check"),
    Field("attestation_after", "list", "Evidence after measuring that it still is.", "recipe", of="Check"),
    Field("trials", "list", "The measurements in order, baselines among them.", "probes", of="Trial"),
    Field("packet", "object", "A full-size packet on the underlay.", "capture on the sending node", of="Packet"),
)

CHECK = (
    Field("check", "string", "What was looked at.", "recipe", required=True),
    Field("expected", "string", "What the mode promises.", "mode.yml", required=True),
    Field("observed", "string", "What was seen.", "the command in `evidence`", required=True),
    Field("ok", "boolean", "Whether the two agree.", "recipe", required=True),
    Field("evidence", "string", "The command that showed it.", "recipe", required=True),
    Field("at", "string", "The node or pod where it was typed.", "recipe"),
)

TRANSCRIPT_STEP = (
    Field("phase", "string", "Part of the deployment.", "runner", required=True,
          allowed=("up", "build", "ready", "attest", "measure", "down")),
    Field("at", "string", "The node or pod where it was typed; empty for the lab itself.", "lab", required=True),
    Field("command", "string", "What was typed.", "lab", required=True),
    Field("output", "string", "What it printed, as a terminal shows it; long outputs are shortened in the middle.",
          "lab"),
    Field("exit_code", "integer", "How it ended; left out if 0.", "lab", minimum=-128, maximum=255),
)

PACKET = (
    Field("at", "string", "Where it was captured.", "tcpdump", required=True),
    Field("frame_bytes", "integer", "Length of the frame, without its check sequence.", "tcpdump", "bytes",
          required=True, minimum=14, maximum=65535 + 14, header="frame"),
    Field("headers", "list", "Its headers, outermost first.", "decoder", of="Header"),
    Field("hex", "string", "The first bytes of the frame: all headers, at most 160 bytes.", "tcpdump", required=True,
          pattern=r"^([0-9a-f]{2}){0,160}$"),
)

HEADER = (
    Field("layer", "string", "Protocol of the header.", "decoder", required=True),
    Field("offset_bytes", "integer", "Where it begins in the frame.", "decoder", "bytes", required=True, minimum=0,
          maximum=65535, header="offset"),
    Field("length_bytes", "integer", "How long it is.", "decoder", "bytes", required=True, minimum=0, maximum=65535,
          header="length"),
    Field("fields", "mapping", "What stands in it, by the names that mode.yml uses.", "decoder", of="scalar"),
)
