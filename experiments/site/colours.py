"""Colours of a page's text, by axe-core, in each palette; of texts that look alike the first one stands for all.

What is behind a text takes axe longest of all that it finds out, and a page of results has thousands of texts of a few kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

RULES = ["color-contrast", "link-in-text-block"]
SCHEMES = {"light": "default", "dark": "slate"}  # as the theme calls them (mkdocs.yml)
OPTIONS: dict[str, Any] = {"runOnly": RULES, "resultTypes": ["violations"]}

# A kind is what decides whether a text can be read: its own colour, size and weight, and the same of all that it lies in; and
# of a link whether other words stand beside it. Words of drawings are left out: axe only says of them that it cannot tell.
NEW_KINDS = """known => {
  const seen = new Set(known), made = new Map(), first = [], found = [];
  const kind = box => {
    if (!box) return document.body.dataset.mdColorScheme;
    if (!made.has(box)) {
      const s = getComputedStyle(box);
      const own = [box.localName, box.className, s.color, s.backgroundColor, s.backgroundImage, s.opacity, s.filter,
                   s.fontSize, s.fontWeight, s.textDecorationLine, s.textShadow, s.position];
      if (box.localName === "a") own.push(box.textContent.trim() === box.parentElement.textContent.trim());
      made.set(box, kind(box.parentElement) + "/" + own.join(" "));
    }
    return made.get(box);
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const box = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || box.closest("svg") || !box.checkVisibility()) continue;
    const name = kind(box);
    if (!seen.has(name)) { seen.add(name); found.push(name); first.push(box); }
  }
  window.podpathKinds = first;
  return found;
}"""


def violations(page: Any, known: set[str]) -> Iterator[tuple[str, Any]]:
    """What axe finds wrong with the colours of a page that it was put into, with the palette.

    ``known`` are the kinds of text that were looked at on earlier pages; the page's are added. It stays in the last palette.
    """
    for scheme, name in SCHEMES.items():
        page.evaluate("name => { document.body.dataset.mdColorScheme = name; }", name)
        new = page.evaluate(NEW_KINDS, sorted(known))
        known.update(new)
        if new:
            found = page.evaluate("options => axe.run({ include: window.podpathKinds }, options)", OPTIONS)
            yield from ((scheme, one) for one in found["violations"])
