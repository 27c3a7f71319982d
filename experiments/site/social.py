"""The picture that other sites show beside a link to a page: its title and what it is about, drawn here.

The addresses of such pictures must be absolute, so they are only drawn for a site that has an address
(``PODPATH_SITE_URL``, which the workflow that publishes sets).
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

FOLDER = "assets/social"
SIZE = (1200, 630)  # pixels; the ratio of 1.91 to 1 that the Open Graph readers crop to
MARGIN = 80
INDIGO, WHITE, PALE = "#3f51b5", "#ffffff", "#d5d9f2"
TITLE_SIZE, TEXT_SIZE, NAME_SIZE = 76, 38, 34
TITLE_LINES, TEXT_LINES = 3, 5

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


def path_of(page: str) -> str:
    """Where the picture of a page (``modes/calico-bgp.html``) stands in the site."""
    return f"{FOLDER}/{page.removesuffix('.html')}.png"


def draw(title: str, text: str, target: Path) -> None:
    """Write a PNG with a title and a sentence; what does not fit ends in an ellipsis."""
    picture = Image.new("P", SIZE)
    picture.putpalette([channel for colour in (INDIGO, PALE, WHITE) for channel in bytes.fromhex(colour[1:])])
    drawing = ImageDraw.Draw(picture)
    drawing.fontmode = "1"  # three colours, no shades: a tenth of the bytes
    y = MARGIN
    for content, size, lines, colour in ((title, TITLE_SIZE, TITLE_LINES, 2), (text, TEXT_SIZE, TEXT_LINES, 1)):
        font = ImageFont.load_default(size)
        for line in _wrapped(drawing, content, font, lines):
            drawing.text((MARGIN, y), line, font=font, fill=colour)
            y += round(size * 1.25)
        y += size // 2
    drawing.text((MARGIN, SIZE[1] - MARGIN - NAME_SIZE), "Podpath", font=ImageFont.load_default(NAME_SIZE), fill=2)
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.save(target, optimize=True)


def _wrapped(drawing: ImageDraw.ImageDraw, text: str, font: Font, most: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and drawing.textlength(longer, font=font) <= SIZE[0] - 2 * MARGIN:
            lines[-1] = longer
        elif len(lines) == most:
            lines[-1] += " …"
            break
        else:
            lines.append(word)
    return lines
