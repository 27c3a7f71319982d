"""Text of a result file stays text: hostile strings in every free field, through the templates and through a real build."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path
from xml.etree import ElementTree

import pytest
from built_site import ROOT, built, copy_of_project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments import catalog
from experiments.evidence import Check
from experiments.results import reported, store
from experiments.results.model import Campaign, Deployment, ModeResult, Trial
from experiments.results.standing import Record, Standing
from experiments.results.store import Stored
from experiments.site import campaign_pages, check, tables
from experiments.site.render import render
from experiments.site.shelf import Shelf
from experiments.site.templating import environment

pytestmark = pytest.mark.lab

EVIL = [
    '<podpath-evil onpodpath="1">', "</td></tr></table></div><podpath-evil>", "<script>podpathEvil()</script>",
    '"><podpath-evil x="', "' onpodpath='1", "&#60;podpath-evil&#62;", "<!--", "--><podpath-evil>", "]]><podpath-evil>",
    "{{ 7 * 7 }}{% include 'x' %}{# x #}", '--8<-- "nothing.md"', "a\n\n--8<-- \"nothing.md\"\n\nb",
    "| a | b |\n|---|---|\n| c | d |",
    "# heading\n\n[link](javascript:podpathEvil())", "[^1]: footnote", "{: onpodpath=1 }", "\u202eright to left\u202c",
    "w" * 3000, "=cmd|' /C calc'!A0", "\t\ttabs\r\n", "<style>*{display:none}</style>", "</pre><podpath-evil><pre>",
]


def _poisoned(measured: Stored, text: Callable[[], str]) -> Stored:
    """The campaign with its free text replaced; names and numbers stay, or it would not be read at all."""

    def checks(found: tuple[Check, ...]) -> tuple[Check, ...]:
        return tuple(replace(c, check=text(), expected=text(), observed=text(), evidence=text()) for c in found)

    def trial(found: Trial) -> Trial:
        raw = {**found.raw, "tool": text()} if found.raw else None
        return replace(found, status="discarded", reason=text(), raw=raw)

    def deployment(found: Deployment) -> Deployment:
        packet = found.packet
        if packet:
            headers = tuple(replace(h, fields={name: text() if isinstance(v, str) else v for name, v in h.fields.items()})
                            for h in packet.headers)
            packet = replace(packet, headers=headers)
        first, *others = found.trials
        return replace(found, reason=text(), packet=packet, attestation_before=checks(found.attestation_before),
                       attestation_after=checks(found.attestation_after), trials=(trial(first), *others))

    def result(found: ModeResult) -> ModeResult:
        steps = tuple(replace(step, command=text(), output=text()) for step in found.transcript)
        return replace(found, implementation={"data plane": text()}, transcript=steps,
                       deployments=tuple(deployment(one) for one in found.deployments))

    campaign: Campaign = replace(
        measured.campaign, host={**measured.campaign.host, "cpu_model": text(), "os": text()},
        software={"iperf3": text()}, network={"note": text()},
        generator={**measured.campaign.generator, "command": [text()]},
    )
    return Stored(measured.folder, campaign, [result(one) for one in measured.results])


class _Seen(HTMLParser):
    """Tags, attributes and scripts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def seen(html: str) -> _Seen:
    reader = _Seen()
    reader.feed(html)
    return reader


def _harmless(html: str) -> None:
    found = seen(html)
    assert "podpath-evil" not in found.tags
    assert "onpodpath" not in found.attributes
    assert not any(address.startswith("javascript:") for address in found.addresses)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.sampled_from(EVIL), st.text(max_size=60)), min_size=5, max_size=20))
def test_no_text_becomes_markup_in_the_templates(measured: Stored, texts: list[str]) -> None:
    supply = cycle(texts)
    poisoned = _poisoned(measured, lambda: next(supply))
    jinja, modes = environment(ROOT / "docs" / "templates"), catalog.load()
    said = Standing({}, (Record(poisoned.campaign.id, "caveat", texts[0], texts[1], cells=("wire",)),
                         Record(poisoned.campaign.id, "corrected", texts[2], texts[3], instead=texts[4])))
    card = campaign_pages.card(modes, poisoned, said, local=False)
    rendered = render(jinja, modes, catalog.variants(), Shelf((card,), (poisoned,), (), 1, 0, said), reported.load_all())
    made = campaign_pages.pages(jinja, modes, poisoned, card, said)
    rendered |= {f"{name}.html": page["body"] for name, page in made.items()}
    rendered["trials.json"] = tables.as_json(tables.trial_rows(poisoned.campaign, poisoned.results))
    for path, text in rendered.items():
        if path.endswith((".md", ".html")):
            _harmless(text)
            assert "podpathEvil()</script>" not in text
        elif path.endswith(".json"):
            json.loads(text)
        elif path.endswith(".xml"):
            ElementTree.fromstring(text)


@pytest.mark.timeout(300)
def test_a_real_build_shows_it_as_text(measured: Stored, tmp_path: Path) -> None:
    project = copy_of_project(tmp_path / "project")
    supply = cycle(text for text in EVIL if "\u202e" not in text)  # which ends the reading of a file
    poisoned = _poisoned(measured, lambda: next(supply))
    folder = project / "data" / "local" / measured.campaign.id
    folder.mkdir(parents=True)
    store.write_campaign(folder, poisoned.campaign)
    for result in poisoned.results:
        store.write_mode(folder, result)
    for raw in (measured.folder / "raw").iterdir():
        (folder / "raw").mkdir(exist_ok=True)
        (folder / "raw" / raw.name).write_bytes(raw.read_bytes())
    done = built(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert check.problems(project / "site") == []
    page = "".join(path.read_text(encoding="utf-8")
                   for path in sorted((project / "site" / "results").glob(f"{measured.campaign.id}*.html")))
    for path in (project / "site").rglob("*.html"):
        _harmless(path.read_text(encoding="utf-8"))
    words = "".join(seen(page).text)
    for text in ("<podpath-evil", "podpathEvil()", "{{ 7 * 7 }}", '--8<-- "nothing.md"', "w" * 3000, "| c | d |"):
        assert text in words, text
    assert page.count("</table>") == page.count("<table")
