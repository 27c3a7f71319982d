"""The picture beside a link: of the right size, with any text."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from experiments.site import social


@pytest.mark.parametrize("text", ["", "One sentence.", "w" * 500, "many words " * 200, "\u202eright to left\u202c <b>&amp;"])
def test_any_text_makes_a_picture(text: str, tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.png"
    social.draw(text, text, target)
    with Image.open(target) as picture:
        assert picture.size == social.SIZE
        assert len(picture.convert("RGB").getcolors() or []) <= 3
    assert target.stat().st_size < 100_000


def test_a_page_and_its_picture_have_the_same_place() -> None:
    assert social.path_of("modes/calico-bgp.html") == "assets/social/modes/calico-bgp.png"
