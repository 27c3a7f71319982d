"""What a campaign says of the command that made it: enough to type it again, and no folder of the machine."""

from __future__ import annotations

import pytest

from experiments.measure import provenance


@pytest.mark.parametrize(("typed", "told"), [
    ("/srv/alice/manifests", "manifests"),
    ("--image-archive=/srv/alice/both.tar", "--image-archive=both.tar"),
    ("--daemon=/opt/flanneld:~/built/weaver", "--daemon=flanneld:weaver"),
    ("../elsewhere/both.tar", "both.tar"),
    ("/", "/"),
    ("data/campaigns/mine", "data/campaigns/mine"),  # of the checkout
    ("calico-bgp,flannel-udp", "calico-bgp,flannel-udp"),
    ("--profile", "--profile"),
])
def test_of_a_file_elsewhere_only_the_name_is_told(typed: str, told: str) -> None:
    assert provenance.generator(["invoke", "campaign", typed])["command"] == ["invoke", "campaign", told]
