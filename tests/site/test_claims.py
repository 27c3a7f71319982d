"""Counting statements and their notes in hand-written Markdown."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from experiments.site.claims import parse, report

PAGE = """---
description: not a statement
---
# A title is none

A paragraph with a note,
over two lines.[^a]

A paragraph without one.

- an item with a note[^a]
- an item without
  on two lines

Introduced as a whole:[^b]

1. first
2. second

| head | head |
|---|---|
| own note[^a] | x |
| none | x |

| head | head |
|---|---|
| covered | by what follows |

A table's closing words.[^b]

```
code is none
```

--8<-- "a-fragment.md"

!!! note "An admonition's title is none"

    Its content is one.

> A quotation is none.

A note that nobody defined.[^gone]

## Reproduce this

Silent.

[^a]: [a link](https://example.org)
[^b]: Somebody said so.
[^c]: Derived from a.
"""


def test_statements_notes_and_gaps() -> None:
    claims = parse(PAGE, "page.md")
    assert [(s.line, s.text[:24]) for s in claims.uncovered] == [
        (9, "A paragraph without one."), (12, "an item without on two l".join(["- ", ""])[:24]), (23, "| none | x |"),
        (39, "Its content is one."), (43, "A note that nobody defin"),
    ]
    assert len(claims.statements) == 13
    assert claims.unfounded == ["b"]


@given(st.text(alphabet="ab |-#>`[^]:!.1\n", max_size=300))
def test_any_text_is_read(text: str) -> None:
    claims = parse(text, "any.md")
    lines = text.splitlines()
    for statement in claims.statements:
        assert lines[statement.line - 1].strip().startswith(statement.text.split("\n")[0][:1])
    assert set(claims.uncovered) <= set(claims.statements)


def test_the_report_names_what_has_no_source(tmp_path: Path) -> None:
    page = tmp_path / "one" / "page.md"
    page.parent.mkdir()
    page.write_text(PAGE, encoding="utf-8")
    lines = report(tmp_path)
    assert lines[0] == "8 of 13 statements on 1 mode pages carry a source."
    assert lines[1] == f"{page}:9: no source: A paragraph without one." and len(lines) == 6
