"""Files, folders and names that do not belong into a campaign or into data/."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from experiments.results import yamldump
from hostile.submission import Case, Submission

STRANGE = "does not belong here"


def _extra(name: str, says: str = STRANGE, content: bytes | str = b"x") -> Case:
    """A file beside those that the campaign names."""
    return Case(f"extra file {name!r}", says, lambda s: s.put(name, content))


def _identity(identity: str, says: str = "is not allowed; allowed: text like") -> Case:
    """A campaign under another id: consistently, in its files and as its folder."""
    return Case(f"id {identity!r}", says, lambda s: s.rename(identity))


def _in_data(name: str, make: Callable[[Path], object], says: str) -> Case:
    """Something changed in data/ itself."""
    return Case(f"data/{name}", says, lambda s: make(s.data / name))


def _linked(name: str, target: str, says: str = "is a symbolic link") -> Case:
    """A link in the place of a file of the campaign, or beside them."""

    def change(s: Submission) -> None:
        path = s.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    return Case(f"{name} is a link to {target}", says, change)


def _pipe(name: str, says: str) -> Case:
    """A pipe in the place of a file, or beside them: whoever opens it waits."""

    def change(s: Submission) -> None:
        (s.folder / name).unlink(missing_ok=True)
        os.mkfifo(s.folder / name)

    return Case(f"{name} is a pipe", says, change)


def _folder_is_a_link(target: str) -> Case:
    def change(s: Submission) -> None:
        outside = s.root / "outside"
        s.folder.rename(outside)
        s.folder.symlink_to(outside if target == "outside" else target)
        s.folder = outside

    return Case(f"the campaign's folder is a link to {target}", "is a symbolic link; only folders belong here", change)


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _twice(s: Submission) -> None:
    shutil.copytree(s.folder, s.folder.with_name("2026-11-30-copy"))


def _other_case(s: Submission) -> None:
    shutil.copytree(s.folder, s.folder.with_name(s.folder.name.upper()))


def _two_raws_for_one_trial(s: Submission) -> None:
    s.trial("speed")["raw"] = dict(s.trial("wire")["raw"])


def _second_name_for_a_raw(s: Submission) -> None:
    trial = s.trial()
    before = trial["raw"]["path"]
    trial["raw"]["path"] = before.replace("calico", "flannel")
    (s.folder / before).rename(s.folder / trial["raw"]["path"])


def _unplanned_mode(s: Submission) -> None:
    s.put("flannel-vxlan.yml", (s.folder / s.mode_name).read_bytes().replace(b"mode: calico-bgp", b"mode: flannel-vxlan"))


def _campaign_of_a_list(s: Submission) -> None:
    s.put("campaign.yml", yamldump.dump({"plan": []}))


def _many(s: Submission, count: int, name: str) -> None:
    for number in range(count):
        s.put(name.format(number))


MARKS = ("evil.html", "evil.js", "evil.svg", "evil.css", "feed.xml", "sitemap.xml", "index.html", "README.md", ".gitattributes",
         ".gitignore", ".nojekyll", "CNAME", "campaign.yaml", "CAMPAIGN.YML", "Calico-bgp.yml", "calico-bgp.yml.bak", "x.yml",
         "index.yml", "calico-bgp@nowhere.yml", "calico-bgp@uml.yml", "robots.txt", "service-worker.js", "a.sh", ".env")
RAW_NAMES = ("evil.html", "evil.js", "evil.svg", "x.json", "x.gz", "x.html.gz", ".hidden.json.gz", "..json.gz", "UPPER.json.gz",
             "a b.json.gz", "a;rm -rf.json.gz", "$(id).json.gz", "`id`.json.gz", "a'b.json.gz", "-rf.json.gz", "a\nb.json.gz",
             "\n::error::no", "a\u202egz.nosj", "a\u0435.json.gz", "calico-bgp-1-01-wire.json.gz.html", ".gitattributes")

CASES = (
    *(_extra(name) for name in MARKS),
    *(_extra(f"raw/{name}") for name in RAW_NAMES),
    _extra("raw/calico-bgp-9-01-wire.json.gz", "belongs to no trial"),
    _extra("raw/more/x.json.gz", "a campaign has no folder but raw/"),
    _extra("more/x.yml", "a campaign has no folder but raw/"),
    _extra(".git/config", "a campaign has no folder but raw/"),
    _extra(".campaign.yml.tmp", "was left behind by a write that was interrupted"),
    *(_identity(name) for name in (
        "index", "tables", "campaign", "feed.xml", "x", "x" * 40, "2026-11-25-h9fa009-2.calico-bgp-node.uml",
        "2026-11-25-h9fa009-2.html", "2026-11-25", "2026-11-25-", "2026-11-25-h9fa009@2", "2026-11-25-H9FA009",
        "2026-11-25-h_1", "2026-11-25-" + "h" * 65, "2026-11-25-h\u00e4", "2026-11-25-h\u0660", "26-11-25-host",
        "2026-11-25-h 1", "con", "nul.yml", "-rf", "2026-11-25-h\n::error::x")),
    _identity("..2026-11-25-host", "no campaign has such a name"),
    Case("a folder with another name than the id", "they must be equal", lambda s: s.campaign.update(id="2026-11-24-other")),
    Case("the same id twice", "they must be equal", _twice),
    Case("an id that differs by case only", "no campaign has such a name", _other_case),
    Case("a mode's file of another campaign", "the campaign is '2026-11-24-sample'",
         lambda s: s.mode.update(campaign="2026-11-24-other")),
    Case("a mode's file that the plan does not have", STRANGE, _unplanned_mode),
    Case("a mode's file without a mode", "calls for deployment", lambda s: (s.folder / s.mode_name).unlink()),
    Case("a campaign without campaign.yml", "cannot be read: No such file", lambda s: (s.folder / "campaign.yml").unlink()),
    Case("a campaign that says next to nothing", "is not the schema of a campaign file", _campaign_of_a_list),
    Case("an empty campaign.yml", "the file is empty", lambda s: s.put("campaign.yml", b"")),
    Case("an empty mode's file", "the file is empty", lambda s: s.put(s.mode_name, b"")),
    Case("a folder in the place of campaign.yml", "is not a regular file",
         lambda s: ((s.folder / "campaign.yml").unlink(), (s.folder / "campaign.yml").mkdir())),
    Case("a file in the place of raw/", "is a file; the raw outputs lie in a folder",
         lambda s: (shutil.rmtree(s.folder / "raw"), s.put("raw", b"x"))),
    Case("a raw output that is gone", "cannot be read: No such file", lambda s: (s.folder / s.trial()["raw"]["path"]).unlink()),
    Case("two trials with one raw output", "is the raw output of", _two_raws_for_one_trial),
    Case("a raw output that is called after no trial", "is not called after its trial", _second_name_for_a_raw),
    Case("a raw output outside of the folder", "is not allowed; allowed: text like ^raw/",
         lambda s: s.trial()["raw"].update(path="raw/../../../../etc/passwd")),
    Case("a raw output with another content", "restore the file as it was",
         lambda s: s.put(s.trial()["raw"]["path"], b"something else")),
    Case("a raw output that is not packed", "is damaged", lambda s: s.set_packed(s.trial(), b"{}")),
    Case("a raw output that is cut short", "is damaged", lambda s: s.set_packed(s.trial(), (
        s.folder / s.trial()["raw"]["path"]).read_bytes()[:-9])),
    Case("a raw output that is not text", "is damaged", lambda s: s.set_raw(s.trial(), b'{"a": "\xff"}')),
    _linked("more", "/"),
    _linked("campaign.yml", "/etc/passwd"),
    _linked("calico-bgp.yml", "/dev/zero"),
    _linked("raw", "/"),
    _linked("raw", "../../../outside"),
    _linked("raw/calico-bgp-1-01-wire.json.gz", "../campaign.yml"),
    _linked("another.yml", "campaign.yml"),
    _linked("round", "round"),
    *(_folder_is_a_link(target) for target in ("outside", "/", "../../../docs", "gone")),
    _pipe("campaign.yml", "is not a regular file"),
    _pipe("calico-bgp.yml", "is no file; only files belong here"),
    _pipe("raw/calico-bgp-1-01-wire.json.gz", "is no file; only files belong here"),
    _pipe("raw/another.json.gz", "is no file; only files belong here"),
    _in_data("evil.html", Path.touch, STRANGE),
    _in_data(".hidden", Path.touch, STRANGE),
    _in_data("more", Path.mkdir, STRANGE),
    _in_data("campaigns/evil.html", Path.touch, "each campaign has a folder of its own"),
    _in_data("campaigns/.gitattributes", Path.touch, "each campaign has a folder of its own"),
    _in_data("campaigns/index.md", Path.touch, "each campaign has a folder of its own"),
    _in_data("campaigns/.git", Path.mkdir, "no campaign has such a name"),
    _in_data("campaigns/tables", Path.mkdir, "no campaign has such a name"),
    _in_data("reported/evil.html", Path.touch, "a publication is a file <id>.yml"),
    _in_data("reported/.hidden.yml", Path.touch, "a publication is a file <id>.yml"),
    _in_data("reported/more", Path.mkdir, "is not a regular file"),
    _in_data("reported/link.yml", lambda path: path.symlink_to("note-2018.yml"), "is not a regular file"),
    Case("data/reported emptied", "is empty; what others have published", lambda s: _emptied(s.data / "reported")),
    _in_data("reported", shutil.rmtree, "is missing; data/ has"),
    Case("data/schema emptied", "is missing; restore it", lambda s: _emptied(s.data / "schema")),
    _in_data("schema", shutil.rmtree, "is missing; data/ has"),
    _in_data("schema/mode-1.schema.json", lambda path: path.write_text("{}"), "is not the schema of this version"),
    _in_data("schema/evil.html", Path.touch, STRANGE),
    Case("data/campaigns is a link", "is not a folder", lambda s: (
        (s.data / "campaigns").rename(s.root / "elsewhere"), (s.data / "campaigns").symlink_to(s.root / "elsewhere"),
        setattr(s, "folder", s.root / "elsewhere" / s.folder.name))),
    Case("a file added to a merged raw/", "was added to a campaign that is older", lambda s: s.put("raw/a.json.gz"), base=True),
    Case("a file added to a merged campaign", "was added to a campaign that is older", lambda s: s.put("evil.html"), base=True),
    Case("a merged raw output changed", "was changed since main", lambda s: s.put(s.trial()["raw"]["path"]), base=True),
    Case("a merged mode removed", "was removed since main", lambda s: (s.folder / s.mode_name).unlink(), base=True),
    Case("a merged campaign removed", "was removed since main", lambda s: shutil.rmtree(s.folder), base=True),
    Case("a merged campaign renamed", "was removed since main", lambda s: s.rename("2026-11-24-other"), base=True),
    Case("a merged file becomes a link", "has become another kind of file", lambda s: (
        (s.folder / s.mode_name).rename(s.root / "mode.yml"),
        (s.folder / s.mode_name).symlink_to(s.root / "mode.yml")), base=True),
    Case("a merged campaign written anew, with digests", "was changed since main",
         lambda s: s.campaign["host"].update(cores=64), base=True),
)
