"""A campaign's page in words: the machine, the facts, and three sentences about what it can tell."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from experiments import catalog
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.standing import Standing
from experiments.results.store import Stored
from experiments.site import campaign_pages, campaign_words
from experiments.site.templating import environment

FOLDER = ROOT / "data" / "campaigns" / "2026-11-24-h86e3a3"
KEY = re.compile(r"(?:pod-pod|host-host)/|\b[a-z]+_[a-z_]+\b")


@pytest.mark.parametrize(("host", "says"), [
    ({"cores": 2, "memory_bytes": 25276502016, "os": "Debian GNU/Linux 12 (bookworm)", "kernel": "6.18.44-fc-v669",
      "virtualisation": "docker"}, "2 cores, 23.5 GiB, Debian 12, Linux 6.18, virtual"),
    ({"cores": 1, "os": "Ubuntu 24.04.1 LTS", "virtualisation": "none"}, "1 core, Ubuntu 24, not virtual"),
    ({"os": "NixOS"}, "NixOS"), ({}, ""), ({"cores": "<b>", "memory_bytes": [], "kernel": None}, ""),
])
def test_the_machine(host: dict[str, Any], says: str) -> None:
    assert campaign_words.machine(host) == says


def test_facts_are_named_in_words_and_have_units() -> None:
    facts = dict(campaign_words.facts(store.read_campaign(FOLDER)[0]))
    assert facts["Machine: memory"] == "23.5 GiB" and facts["Method: load of a trial of cost"] == "200 Mbit/s"
    assert facts["Method: equal mss"] == "1300 bytes" and facts["Method: length of a trial"] == "2 s"
    assert facts["Network: both nodes on one machine"] == "yes"
    assert facts["Method: views"] == "Wire, Link, Speed, Cost, Latency"
    assert "net.ipv4.tcp_sack 1" in facts["Network: settings of the kernel"], "the kernel's own names stay"
    assert not any("_" in name for name in facts)


def test_three_sentences_say_what_it_can_tell() -> None:
    campaign, results = store.read_campaign(FOLDER)
    told = campaign_words.told(campaign, results)
    apart, alike, noisy = campaign_words.summary(told, 36, 2)
    assert apart.startswith("Modes can be told apart by: Wire (12 of 15 pairs); Link, one stream (9 of 15 pairs).")
    assert "Cost" in alike and "because the floor is above 10 %" in alike
    assert noisy == "The noise floor lay between 0.0054 % (Wire) and 87 % (Cost); 2 of 36 deployments gave no number."
    assert campaign_words.summary([], 0, 0)[0].startswith("No two modes were measured in the same place")


def test_few_deployments_tell_nothing_apart() -> None:
    campaign, results = store.read_campaign(FOLDER)
    few = [replace(result, deployments=result.deployments[:3]) for result in results]
    apart, alike, _ = campaign_words.summary(campaign_words.told(campaign, few), 18, 0)
    assert apart == "No question tells any two modes apart." and "because there are too few deployments" in alike


def test_a_campaign_s_page_shows_no_key_of_the_file() -> None:
    stored = Stored(FOLDER, *store.read_campaign(FOLDER))
    jinja, said = environment(ROOT / "docs" / "templates"), Standing()
    card = campaign_pages.card(catalog.load(), stored, said, local=False)
    body = campaign_pages.pages(jinja, catalog.load(), stored, card, said)[stored.campaign.id]["body"]
    text = re.sub(r"net\.[\w.]+", "", re.sub(r"<[^>]+>", " ", body))
    assert KEY.findall(text) == []
    assert "Speed, one stream, pod to pod" in text and "AMD EPYC, 2 cores, 23.5 GiB, Debian 12, Linux 6.18, virtual" in text
    noisy = text.partition("Speed, one stream, pod to pod")[2].partition("Speed, four")[0]
    assert "The floor of this view here is 53 %: no order of modes can be read from it." in noisy
