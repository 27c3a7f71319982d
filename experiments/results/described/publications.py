"""The fields of a file in data/reported/: what others published."""

from __future__ import annotations

from experiments.results.described.field import NAME, Field

REPORTED = (
    Field("schema", "string", "Format and version of this file.", "by hand", required=True,
          allowed=("podpath/reported/1",)),
    Field("id", "string", "Name of the publication here: the name of the file.", "by hand", required=True,
          pattern=NAME),
    Field("title", "string", "Heading under which it is shown.", "by hand", required=True),
    Field("source", "object", "Where the figures come from.", "by hand", required=True, of="Publication"),
    Field("setup", "mapping", "What they were measured on, as far as the publication says.", "the publication",
          required=True, of="string"),
    Field("figures", "list", "The figures as published.", "the publication", required=True, of="Figure"),
    Field("link_rate_bps", "integer", "Rate of the network, where the limit model may be put beside the figures.",
          "the publication, or inference", "bit/s", minimum=1),
    Field("inference", "string", "What has to be said before any reading: that it is ours.", "by hand"),
    Field("readings", "list", "What we think the figures are of, with the alternatives.", "the limit model",
          of="Reading"),
    Field("caveats", "list", "What the figures cannot tell.", "by hand", of="string"),
)

PUBLICATION = (
    Field("title", "string", "Title of the publication.", "the publication", required=True),
    Field("kind", "string", "What it is.", "by hand", required=True, allowed=("article", "blog post", "repository")),
    Field("date", "string", "When it was published: day, or month where the day is not known.", "the publication",
          required=True, pattern=r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"),
    Field("where", "string", "How the figures were taken from it.", "by hand", required=True),
    Field("url", "string", "Where it can be found.", "by hand", pattern=r"^https://[^\s\"'<>]+$"),
    Field("version", "string", "Commit, where it is a repository.", "git", pattern=r"^[0-9a-f]{7,40}$"),
)

FIGURE = (
    Field("id", "string", "Name of the figure within its file.", "by hand", required=True, pattern=NAME),
    Field("setup", "string", "What was measured, in the publication's terms.", "the publication", required=True),
    Field("protocol", "string", "What carried the payload.", "the publication", required=True, allowed=("tcp", "udp")),
    Field("goodput_bps", "number", "The figure.", "the publication", "bit/s", required=True, minimum=1,
          better="higher", digits=0, header="goodput"),
    Field("streams", "integer", "Connections at the same time.", "the publication", minimum=1),
    Field("pod_mtu_bytes", "integer", "MTU of the pods' interfaces.", "the publication", "bytes", minimum=68,
          maximum=65535, header="pod MTU"),
    Field("runs", "integer", "Runs that the figure is the mean of.", "the publication", minimum=1),
    Field("printed", "string", "The line as it is printed there.", "the publication"),
)

READING = (
    Field("of", "list", "The figures that it is about.", "by hand", required=True, of="string"),
    Field("says", "string", "What they would be.", "by hand", required=True),
    Field("certainty", "string", "How sure.", "by hand", required=True, allowed=("likely", "possible", "excluded")),
    Field("because", "string", "Why.", "the limit model", required=True),
    Field("line", "string", "The line of the limit model that it rests on.", "experiments/catalog/limits.py"),
)
