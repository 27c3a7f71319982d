"""``invoke new-mode``: the folder of a new mode, or the file of a new variant, from which one can go on."""

from __future__ import annotations

from pathlib import Path

from experiments import catalog
from experiments.catalog import drafting, pending, stack
from experiments.catalog.reading import read
from experiments.cli.columns import print_table
from experiments.cli.progress import say
from experiments.errors import UserError
from experiments.paths import MODES, ROOT
from experiments.results.store import atomic_write
from experiments.site import mode_pages


def run_new_mode(name: str, *, like: str = "", variant_of: str = "") -> Path:
    """Write a mode like another one, or a variant of one; return its folder, or its file.

    Raises:
        UserError: the name is none or taken, or what it is to be like is no mode.
    """
    drafting.require_free(name)
    if bool(like) == bool(variant_of):
        raise UserError("Say what the new mode begins as: --like MODE; or, for a variant, --variant-of MODE.",
                        f"Modes: {', '.join(catalog.load())}.")
    model = catalog.get(like or variant_of)
    if model.variant_of:
        raise UserError(f"{model.name} is a variant of {model.variant_of}.", f"Take {model.variant_of}.")
    return _mode(name, model) if like else _variant(name, model)


def _mode(name: str, like: catalog.Mode) -> Path:
    folder = MODES / name
    source = folder.parent / like.name / "mode.yml"
    _write(folder / "mode.yml", drafting.mode_text(source.read_text(encoding="utf-8"), name, like.name))
    mode = read(folder / "mode.yml")
    _write(folder / pending.PAGE, mode_pages.skeleton(mode))
    _write(stack.path(mode), stack.told(mode))
    say(f"Written: {folder.relative_to(ROOT)}/")
    print_table(("file", "what it is"), words=2, rows=[
        ("mode.yml", f"the mode as data: that of {like.name} until you change it"),
        (pending.PAGE, "its page with all sections; the prose is still to come"),
        (stack.FILE, "its headers byte by byte, which a test compares"),
    ])
    say('What to change, with an example: "A mode" in CONTRIBUTING.md. Nothing else has to be touched.')
    say(f"Next: `invoke experiment {name} --dry-run` shows what it types.")
    return folder


def _variant(name: str, of: catalog.Mode) -> Path:
    stem = name.removeprefix(f"{of.name}-")
    if stem == name:
        raise UserError(f"A variant of {of.name} is called {of.name}-SOMETHING, not {name}.",
                        f"For example {of.name}-{name.rpartition('-')[2]}.")
    file = MODES / of.name / "variants" / f"{stem}.yml"
    _write(file, drafting.variant_text(name, of.name))
    catalog.variants.cache_clear()
    _write(stack.path(catalog.get(name)), stack.told(catalog.get(name)))
    say(f"Written: {file.relative_to(ROOT)}, and beside it {stack.path(catalog.get(name)).name}: its headers byte by byte, "
        "which a test compares.")
    say(f"What differs from {of.name} goes into it, under the keys of mode.yml. Its results stand on that mode's page.")
    say(f"Next: `invoke experiment {name} --dry-run` shows what it types.")
    return file


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, text.encode())
