"""Tables as data: the comparison of all modes, and CSV and JSON of every table, from the rows that the pages show."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from experiments.labs.table import LABS
from experiments.results import questions
from experiments.results.model import Campaign, ModeResult, Trial
from experiments.site import figures
from experiments.variant import HOST, KERNELS

# Cells of a spreadsheet that begin so are run as formulas; a quote in front makes them text.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

TRIAL_COLUMNS = (
    "id", "view", "path", "phase", "status", "reason", "started_at", "streams", "mss", "mss_bytes", "duration_s",
    "goodput_bps", "core_goodput_bps", "pairs", "pair_ratio", "pair_ratio_low", "pair_ratio_high", "retransmits",
    "wire_efficiency_ratio", "wire_goodput_bps", "core_s_per_gbit",
    "core_us_per_packet", "daemon_share_ratio",
    "context_switches_per_packet", "load_ratio", "burst_bytes", "samples", "p50_us", "p90_us", "p99_us", "p999_us", "max_us",
    "transactions_per_core_s", "datagram_bytes", "core_packets_per_s", "loss_ratio",
)


@dataclass(frozen=True)
class Compared:
    """One figure in the comparison of all modes. ``value``, ``low`` and ``high`` are in ``unit``, as the files hold them."""

    mode: str
    told_on: str  # the mode on whose page it is told of: a variant has none of its own
    title: str
    badge: str  # whose program moved the packets, where that is not the kernel alone
    view: str
    view_title: str
    trial: str
    value: float | None
    shown: str
    unit: str
    better: str
    deployments: int
    low: float | None
    high: float | None
    range: str
    ratio_to_baseline: str
    limit: str
    lab: str
    kernel: str
    daemon: str
    campaign: str
    reference: bool
    page: str
    anchor: str
    source: str
    stored_value: str


def compared(entries: Iterable[Any], titles: Mapping[str, str]) -> list[Compared]:
    """A line for each figure of each result (``render.Entry``), by lab, kernel and campaign, then view and mode."""
    found = []
    for entry in entries:
        for row in entry.rows:
            found.append(Compared(
                entry.result.mode, entry.mode.variant_of or entry.result.mode,
                titles.get(entry.result.mode, entry.result.mode), entry.badge, row.view, row.title, row.what,
                float(row.value) if row.value else None, row.shown, row.unit,
                figures.better(row.measure), entry.deployments, row.low, row.high, row.range, row.ratio, row.limit,
                entry.result.lab,
                KERNELS.get(entry.result.kernel, entry.result.kernel), entry.result.daemon or "", entry.campaign.id,
                not entry.local,
                entry.page, row.anchor, row.source, row.value,
            ))
    # What is measured in one place is never put beside a baseline or a rank of another.
    labs = list(LABS)
    return sorted(found, key=lambda row: (not row.reference, labs.index(row.lab), row.kernel != KERNELS[HOST], row.kernel,
                                          row.campaign, questions.place(row.view), row.trial, row.mode, not row.daemon))


def as_rows(lines: Sequence[Compared]) -> list[dict[str, Any]]:
    """The comparison for CSV and JSON: without what only a page needs."""
    dropped = ("told_on", "view_title", "shown", "range", "page", "anchor", "stored_value")
    return [{name: value for name, value in asdict(line).items() if name not in dropped} for line in lines]


def trial_rows(campaign: Campaign, results: Sequence[ModeResult]) -> list[dict[str, Any]]:
    """Every trial of a campaign with where it belongs; units are in the names, as in the result files."""
    return [{"campaign": campaign.id, "mode": result.mode, "lab": result.lab, "kernel": result.kernel,
             "daemon": result.daemon or "", "deployment": deployment.n, **_columns(trial)}
            for result in results for deployment in result.deployments for trial in deployment.trials]


def campaign_rows(cards: Iterable[Any]) -> list[dict[str, Any]]:
    """A line for each result of each campaign (``campaign_pages.Card``), with its page below ``results/``."""
    return [{"campaign": card.id, "begun": card.started_at, "finished": card.finished_at, "status": card.status,
             "purpose": card.purpose, "profile": card.profile, "protocol": card.protocol, **asdict(result.variant),
             "deployments": result.deployments, "failures": result.failures, "page": f"{result.page}.html"}
            for card in cards for result in card.results]


def _columns(trial: Trial) -> dict[str, Any]:
    return {name: getattr(trial, name) for name in TRIAL_COLUMNS}


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """RFC 4180, a header line first; absent values are empty; text that a spreadsheet would run is quoted."""
    if not rows:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """A list of objects, one a row."""
    return json.dumps(list(rows), indent=1, ensure_ascii=True) + "\n"
