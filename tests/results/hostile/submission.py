"""An honest submission in a data tree of its own, to be changed at one place; what must agree with the change is mended."""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from experiments.paths import ROOT
from experiments.results import noise_floor, plain, rules, summary, yamldump, yamlfile
from experiments.results.model import Campaign, Deployment, ModeResult
from experiments.results.protocols import FROZEN

Plain = dict[str, Any]


@dataclass(frozen=True)
class Honest:
    """A campaign that is accepted: where it lies, and which one of its modes is submitted."""

    folder: Path
    mode: str  # the name of the mode's file
    quick: bool = False  # its first deployment alone, as the profile quick would have stored it: without four streams


HONEST = {
    # one deployment of the views wire and speed, as `invoke experiment` stores it: the cheapest to check
    "sample": Honest(ROOT / "tests/golden/results/version-1", "calico-bgp.yml"),
    # six deployments with all five views, in User-Mode Linux, as `invoke campaign` stores them
    "standard": Honest(ROOT / "data/campaigns/2026-11-25-h9fa009-2", "calico-bgp-global@uml.yml"),
    # all five views of one deployment: on the host's kernel, through a tunnel, by our relay
    "quick": Honest(ROOT / "data/campaigns/2026-11-24-h86e3a3", "flannel-vxlan.yml", quick=True),
    "relay": Honest(ROOT / "data/campaigns/2026-11-24-h86e3a3", "flannel-udp.yml", quick=True),
    # protocol p3: what is measured in slices, all views of one deployment; tests/results/slices_sample.py makes it anew
    "slices": Honest(ROOT / "tests/golden/results/slices", "calico-bgp.yml"),
}


@dataclass(frozen=True)
class Case:
    """One hostile submission: what is done, words of the refusal that belong to it alone, how it is done.

    ``honest`` says which honest submission is changed. With ``base``, everything has been merged before the change, and
    the check compares with that.
    """

    name: str
    says: str
    change: Callable[[Submission], object]
    honest: str = "sample"
    base: bool = False


class Submission:
    """A data tree with one honest campaign. ``campaign`` and ``mode`` are its files' values, to be changed in place.

    :meth:`write` puts changed values into their files, with digests that fit; a file whose values are as they were is not
    touched, so that its text can be changed instead.
    """

    def __init__(self, root: Path, honest: str = "sample") -> None:
        self.root = root
        self.data = root / "data"
        campaign, mode = _values(honest)
        self.folder = self.data / "campaigns" / campaign["id"]
        self.mode_name = HONEST[honest].mode
        _copy(honest, self.data, self.folder)
        self.campaign, self.mode = _copied(campaign), _copied(mode)
        self._before = (campaign, mode)

    # -- values ---------------------------------------------------------------------------------------------------

    def deployment(self, number: int = 0) -> Plain:
        """A deployment of the mode; the first is number 0."""
        found: Plain = self.mode["deployments"][number]
        return found

    def trial(self, view: str = "speed", path: str = "pod-pod", deployment: int = 0) -> Plain:
        """The first trial of a view between two places."""
        trials: list[Plain] = self.deployment(deployment)["trials"]
        return next(trial for trial in trials if trial["view"] == view and trial["path"] == path)

    def trials(self) -> list[Plain]:
        """All trials of all deployments."""
        return [trial for deployment in self.mode["deployments"] for trial in deployment["trials"]]

    def reckon(self) -> None:
        """Compute again what follows from the trials: drift, summary, noise floor."""
        for deployment in self.mode["deployments"]:
            drift = rules.drift(plain.from_plain(Deployment, deployment).trials)
            if drift is not None:
                deployment["drift_ratio"] = drift
        result = plain.from_plain(ModeResult, self.mode)
        self.mode["summary"] = _copied(dict(summary.summarise(result)))
        self.campaign["noise_floor"] = _copied(dict(noise_floor.of_campaign([result])))

    # -- raw outputs ----------------------------------------------------------------------------------------------

    def raw(self, trial: Plain) -> Any:
        """A trial's raw output: the JSON object of the tool."""
        return json.loads(gzip.decompress((self.folder / trial["raw"]["path"]).read_bytes()))

    def set_raw(self, trial: Plain, content: Any) -> None:
        """Put another raw output in a trial's place (JSON values, or bytes to be packed); its checksum fits."""
        packed = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.set_packed(trial, gzip.compress(packed, compresslevel=9, mtime=0))

    def set_packed(self, trial: Plain, packed: bytes) -> None:
        """Put another file in the place of a trial's raw output; its checksum fits."""
        (self.folder / trial["raw"]["path"]).write_bytes(packed)
        trial["raw"]["sha256"] = hashlib.sha256(packed).hexdigest()

    def raw_text(self, trial: Plain, old: str, new: str) -> None:
        """Change a text in a trial's raw output; its checksum fits."""
        path = self.folder / trial["raw"]["path"]
        text = gzip.decompress(path.read_bytes()).decode()
        assert old in text, f"{path.name} does not hold {old!r}"
        self.set_raw(trial, text.replace(old, new, 1).encode())

    # -- files ----------------------------------------------------------------------------------------------------

    def put(self, name: str, content: bytes | str = b"x") -> Path:
        """Write a file, named from the campaign's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def text(self, name: str, old: str, new: str) -> None:
        """Change a text in one of the campaign's files, where it stands first. What was changed by value is written before."""
        self.write()
        path = self.folder / name
        text = path.read_bytes().decode()
        assert old in text, f"{name} does not hold {old!r}"
        path.write_bytes(text.replace(old, new, 1).encode())

    def rename(self, identity: str) -> None:
        """Give the campaign another id, in all files and as its folder's name."""
        self.campaign["id"] = self.mode["campaign"] = identity
        self.folder = self.folder.rename(self.folder.with_name(identity))

    def write(self) -> None:
        """Put changed values into their files, with digests that fit."""
        values = zip(("campaign.yml", self.mode_name), (self.campaign, self.mode), self._before, strict=True)
        for name, value, before in values:
            if value != before:
                value["digest"] = plain.digest(value)
                first = (self.folder / name).read_text().split("\n", 1)[0]
                (self.folder / name).write_text(f"{first}\n{yamldump.dump(value)}")
        self._before = (_copied(self.campaign), _copied(self.mode))

    def merge(self) -> None:
        """Commit everything as it is; the branch is called main."""
        for arguments in (("init", "--quiet", "--initial-branch=main"), ("add", "--all", "--force"),
                          ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "merged")):
            subprocess.run(["git", "-C", str(self.root), *arguments], check=True, capture_output=True)


def _copied(value: Plain) -> Plain:
    """As `copy.deepcopy`, several times as fast: hundreds of cases do it thrice."""
    made: Plain = pickle.loads(pickle.dumps(value))
    return made


@cache
def _values(honest: str) -> tuple[Plain, Plain]:
    """The values of an honest campaign's two files; of several modes only the one submitted is left in it."""
    one = HONEST[honest]
    campaign, mode = (dict(yamlfile.read(one.folder / name)) for name in ("campaign.yml", one.mode))  # type: ignore[arg-type]
    campaign["plan"] = [cell for cell in campaign["plan"] if cell["mode"] == mode["mode"]]
    if one.quick:
        _cut(campaign, mode)
    if campaign["purpose"] == "reference":
        campaign["purpose"] = "contribution"
    plain.from_plain(Campaign, campaign)
    result = plain.from_plain(ModeResult, mode)
    campaign["noise_floor"] = dict(noise_floor.of_campaign([result]))
    campaign["digest"] = plain.digest(campaign)
    mode["digest"] = plain.digest(mode)
    return campaign, mode


def _cut(campaign: Plain, mode: Plain) -> None:
    """Leave what the profile quick measures of what the profile standard did."""
    first = dict(mode["deployments"][0])
    first["trials"] = [trial for trial in first["trials"] if trial.get("streams") != 4]
    mode["deployments"] = [first]
    mode["summary"] = dict(summary.summarise(plain.from_plain(ModeResult, mode)))
    campaign["plan"] = [cell for cell in campaign["plan"] if cell["n"] == 1]
    campaign["protocol"] = {**campaign["protocol"], **FROZEN["p2-quick"].numbers, "id": "p2-quick"}


@cache
def _texts(honest: str) -> dict[str, str]:
    """The texts of an honest campaign's two files, by their names."""
    names = ("campaign.yml", HONEST[honest].mode)
    return {name: f"{(HONEST[honest].folder / name).read_text().split(chr(10), 1)[0]}\n{yamldump.dump(value)}"
            for name, value in zip(names, _values(honest), strict=True)}


def _copy(honest: str, data: Path, folder: Path) -> None:
    """A data tree as the project has it, with the one campaign."""
    _, mode = _values(honest)
    (folder / "raw").mkdir(parents=True)
    for inner in ("reported", "schema"):
        shutil.copytree(ROOT / "data" / inner, data / inner)
    source = HONEST[honest].folder
    for name, text in _texts(honest).items():
        (folder / name).write_text(text)
    for deployment in mode["deployments"]:
        for trial in deployment["trials"]:
            if "raw" in trial:
                shutil.copyfile(source / trial["raw"]["path"], folder / trial["raw"]["path"])
