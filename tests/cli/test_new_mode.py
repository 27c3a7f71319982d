"""`invoke new-mode`: what it writes can be read at once, says what is still to come, and takes no name that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments import catalog
from experiments.catalog import drafting, pending
from experiments.cli.new_mode import run_new_mode
from experiments.errors import UserError
from experiments.labs.readiness import NO_RECIPE, readiness
from experiments.machine import look
from experiments.paths import MODES
from experiments.site import mode_pages


@pytest.mark.parametrize("like", catalog.load())
def test_a_copy_of_each_mode_is_a_mode_without_the_other_s_statements(like: str, tmp_path: Path) -> None:
    path = tmp_path / "new-one" / "mode.yml"
    path.parent.mkdir()
    path.write_text(drafting.mode_text((MODES / like / "mode.yml").read_text(), "new-one", like))
    mode = catalog.read(path)
    assert (mode.name, mode.title, mode.summary) == ("new-one", "new-one", drafting.TO_COME)
    assert (mode.headers, mode.mtu, mode.path) == (catalog.get(like).headers, catalog.get(like).mtu, catalog.get(like).path)
    assert (mode.facts, mode.history, mode.sources, mode.choose, mode.daemon) == ((), (), (), "", None)
    page = mode_pages.skeleton(mode)
    assert pending.unwritten(page) == ["", *(title for title in mode_pages.SECTIONS if title not in mode_pages.WITHOUT_PROSE)]
    (path.parent / pending.PAGE).write_text(page)
    assert pending.pending(mode, tmp_path) == [pending.NOT_IN_KUBERNETES, pending.PROSE]
    assert mode_pages.skeleton(mode) in mode_pages.pages(_root_with(tmp_path)).values()


def _root_with(modes: Path) -> Path:
    """A root whose modes are those of a folder."""
    root = modes / "root"
    (root / "experiments").mkdir(parents=True)
    (root / "experiments" / "modes").symlink_to(modes)
    (modes / "new-one" / pending.PAGE).unlink()  # a page that nobody has begun is made
    return root


@pytest.mark.parametrize(("name", "how", "message"), [
    ("Flannel", {"like": "flannel-vxlan"}, "'Flannel' is no name of a mode."),
    ("../evil-mode", {"like": "flannel-vxlan"}, "'../evil-mode' is no name of a mode."),
    ("flannel-" + "x" * 40, {"like": "flannel-vxlan"}, "is no name of a mode."),
    ("flannel-udp", {"like": "flannel-vxlan"}, "There is a mode flannel-udp already."),
    ("weave-sleeve-pcap", {"like": "flannel-vxlan"}, "There is a mode weave-sleeve-pcap already."),
    ("flannel-gre", {"like": "flannel-vxlam"}, "Did you mean flannel-vxlan?"),
    ("flannel-gre", {}, "Say what the new mode begins as"),
    ("flannel-gre", {"like": "flannel-udp", "variant_of": "flannel-udp"}, "Say what the new mode begins as"),
    ("flannel-gre", {"like": "weave-sleeve-pcap"}, "weave-sleeve-pcap is a variant of weave-sleeve."),
    ("flannel-gre", {"variant_of": "flannel-udp"}, "A variant of flannel-udp is called flannel-udp-SOMETHING"),
])
def test_what_cannot_be_begun_is_refused_and_nothing_is_written(name: str, how: dict[str, str], message: str) -> None:
    before = sorted(MODES.rglob("*"))
    with pytest.raises(UserError) as raised:
        run_new_mode(name, **how)
    assert message in raised.value.problem
    assert sorted(MODES.rglob("*")) == before


def test_a_mode_that_is_only_explained_is_listed_and_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    mode = replace(catalog.get("flannel-vxlan"), explained_only=True)
    monkeypatch.setattr(catalog, "get", lambda name: mode)
    assert all(place.missing == (NO_RECIPE,) for place in readiness("flannel-vxlan", look()))
    assert pending.SOURCES_ONLY in pending.pending(mode)
