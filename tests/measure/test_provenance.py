"""What a campaign says of the command that made it: enough to type it again, and no folder of the machine."""

from __future__ import annotations

import pytest

from experiments.measure import provenance
from experiments.paths import ROOT


@pytest.fixture(autouse=True)
def _at_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(("typed", "told"), [
    ("/srv/alice/manifests", "manifests"),
    ("--image-archive=/srv/alice/both.tar", "--image-archive=both.tar"),
    ("--daemon=/opt/flanneld:~/built/weaver", "--daemon=flanneld:weaver"),
    ("../elsewhere/both.tar", "both.tar"),
    ("/", "/"),
    ("-o/srv/alice/x", "-ox"),
    ("data/../../../home/alice/x", "x"),
    ("--out='/srv/alice/x'", "--out='x'"),
    ("a,/srv/alice/y", "a,y"),
    ("/home/alice", "~"),
    ("--out=~alice", "--out=~"),
    (r"C:\Users\alice", "C:~"),
    ("file:///srv/alice/x", "file:x"),
    ("https://example.org/p/x.yml", "https://example.org/p/x.yml"),
    (str(ROOT / "data" / "campaigns"), "data/campaigns"),
    ("data/campaigns/mine", "data/campaigns/mine"),  # of the checkout
    ("calico-bgp,flannel-udp", "calico-bgp,flannel-udp"),
    ("--profile", "--profile"),
])
def test_of_a_file_elsewhere_only_the_name_is_told(typed: str, told: str) -> None:
    assert provenance.generator(["invoke", "campaign", typed])["command"] == ["invoke", "campaign", told]
