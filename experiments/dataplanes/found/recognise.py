"""Which mode of the catalogue a cluster runs: evidence in layers, of which each may be "not visible".

A pure function over evidence that was collected before. What a mode looks like is not written here: it is in the
catalogue (``mode.yml``: ``cni``, ``encapsulation``, ``signs``; ``kind.yml``: who peers with whom), and how a CNI's own
evidence is read stands in that CNI's file. What could not be seen contradicts nothing; what was seen and differs excludes
a mode. There is a verdict only where the nodes themselves have been seen to agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from experiments.catalog import Mode
from experiments.catalog.pending import in_kubernetes
from experiments.dataplanes.found import daemon_sets
from experiments.dataplanes.found.cni import UNDERLAY, CniInCluster, Evidence, Features, link_kind, route_protocol, route_words
from experiments.dataplanes.found.findings import (
    CLUSTER,
    DAEMON_SETS,
    KERNEL,
    LAYERS,
    LINKS,
    NOT_VISIBLE,
    NOTES,
    OBJECTS,
    ROUTES,
    Finding,
    found,
    hidden,
    narrowed,
    note,
)
from experiments.dataplanes.found.node_view import NodeView

# Links by which other CNIs attach pods.
OTHER_LINKS = {r"(lxc|cilium_)": "Cilium", r"eni[0-9a-f]{6}": "Amazon VPC CNI", r"azv[0-9a-f]": "Azure CNI",
               r"gke[0-9a-f]": "GKE", r"antrea-gw": "Antrea", r"kube-bridge$": "kube-router", r"ovn(0$|-k8s-mp)": "OVN"}
NONE_OF_OURS = "none of ours"


@dataclass(frozen=True)
class Candidate:
    """A mode and what speaks for and against it."""

    mode: str
    pros: tuple[Finding, ...]
    cons: tuple[Finding, ...]


@dataclass(frozen=True)
class Verdict:
    """What was seen, which modes nothing seen contradicts, and which of them is in force for certain."""

    findings: tuple[Finding, ...]
    every: tuple[Candidate, ...]  # all modes of which anything speaks
    candidates: tuple[str, ...]  # those that nothing contradicts
    undecided: tuple[str, ...]  # of a single candidate: the features that nothing has shown yet
    unconfirmed: tuple[str, ...]  # … and those that not both nodes themselves have shown
    cni: str  # what packets are moved by, in words; empty where it is not visible

    @property
    def mode(self) -> str:
        """The mode that is in force by all layers, the nodes' own among them; empty where that cannot be said."""
        return self.presumed if not self.unconfirmed else ""

    @property
    def presumed(self) -> str:
        """The one mode that is left with nothing undecided, even if the nodes have not been seen yet."""
        return self.candidates[0] if len(self.candidates) == 1 and not self.undecided else ""

    @property
    def disagreement(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Features of which findings contradict each other: what each layer says of them."""
        features = [feature for feature, values in narrowed(self.findings).items() if not values]
        return {feature: {layer: values for layer in LAYERS if (values := self._values(feature, layer))}
                for feature in features}

    def _values(self, feature: str, layer: str) -> tuple[str, ...]:
        told = [one.values for one in self.findings if (one.feature, one.layer) == (feature, layer)]
        return tuple(sorted(frozenset[str]().union(*told)))

    @property
    def discord(self) -> str:
        """The disagreement in words; empty where there is none, or where it leaves a candidate."""
        if self.candidates:
            return ""
        sides = {feature: "; ".join(f"{layer}: {' or '.join(values)}" for layer, values in said.items())
                 for feature, said in self.disagreement.items()}
        return ", ".join(f"{feature} ({said})" for feature, said in sides.items())

    @property
    def hidden(self) -> tuple[str, ...]:
        """What was looked for and is not visible, in words."""
        return tuple(dict.fromkeys(one.said for one in self.findings if one.said.startswith(NOT_VISIBLE)))

    @property
    def sentence(self) -> str:
        """What was recognised, with the evidence."""
        order = (DAEMON_SETS, OBJECTS, NOTES, *KERNEL)
        deciding = sorted((one for one in self.findings if one.decides), key=lambda one: order.index(one.layer))
        seen = "; ".join(dict.fromkeys(one.said for one in deciding)) or "; ".join(one.said for one in self.findings)
        unclear = f"no mode for certain, as what is seen disagrees about {self.discord}" if self.discord else NONE_OF_OURS
        return f"{' or '.join(self.candidates) or unclear}: {seen}"


def recognise(seen: Evidence, modes: Mapping[str, Mode], cnis: Mapping[str, CniInCluster]) -> Verdict:
    """The modes of the catalogue that the evidence leaves; ``cnis`` are those that are known, by name."""
    wanted = {name: _wanted(mode, cnis[mode.cni.name]) for name, mode in modes.items()
              if mode.cni.name in cnis and in_kubernetes(mode.variant_of or name)}
    common = [*_whose(seen, cnis), *_nodes(seen, modes.values(), cnis)]
    possible = narrowed(common).get("cni")
    read = {name: cni.read(seen.own.get(name, cni.evidence()), seen) for name, cni in cnis.items()
            if possible is not None and name in possible}
    weighed = {name: [*common, *read.get(modes[name].cni.name, [])] for name in wanted}
    every = tuple(_candidate(name, wanted[name], weighed[name]) for name in wanted)
    left = tuple(one.mode for one in every if possible and not one.cons)
    undecided: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    if len(left) == 1:
        cni, want = cnis[modes[left[0]].cni.name], wanted[left[0]]
        undecided = _undecided(cni.decided, want, weighed[left[0]])
        unconfirmed = _unconfirmed(cni.confirmed, want, weighed[left[0]], [view.name for view in seen.views])
    shown = [*common, *(one for several in read.values() for one in several)]
    near = tuple(one for one in every if one.mode in left or modes[one.mode].cni.name in read)
    return Verdict(tuple(dict.fromkeys(shown)), near, left, undecided, unconfirmed, " or ".join(sorted(possible or ())))


def _candidate(mode: str, wanted: Features, weighed: Iterable[Finding]) -> Candidate:
    said = [(one, one.allows(wanted)) for one in weighed]
    return Candidate(mode, tuple(one for one, good in said if good), tuple(one for one, good in said if good is False))


def _undecided(features: Iterable[str], wanted: Features, weighed: Iterable[Finding]) -> tuple[str, ...]:
    """The features that the findings do not leave with the wanted value alone."""
    left = narrowed(weighed)
    return tuple(sorted(one for one in features if one in wanted and left.get(one) != frozenset({wanted[one]})))


def _unconfirmed(
    features: Iterable[str], wanted: Features, weighed: Iterable[Finding], nodes: Sequence[str]
) -> tuple[str, ...]:
    """The features that not both nodes themselves have shown."""
    shown = {(one.feature, one.at) for one in weighed if one.layer in KERNEL and one.decides}
    return tuple(sorted(one for one in features if one in wanted
                        and (len(nodes) < 2 or any((one, node) not in shown for node in nodes))))


# -- what the catalogue says of a mode --------------------------------------------------------------------------------


def _wanted(mode: Mode, cni: CniInCluster) -> Features:
    """A mode's features by name; those it does not care about are left out."""
    wanted = {"cni": cni.name, "encapsulation": mode.encapsulation.name, **_signs(mode.signs.route), **cni.wants(mode)}
    if cni.pod_links:
        wanted["pods' links"] = cni.name
    # The fallback sleeve has no device of its own: its frames come out of the datapath as upcalls.
    if mode.signs.device and mode.encapsulation.name != "sleeve":
        wanted["device"] = f"{mode.signs.device} ({mode.signs.device_kind})"
    return wanted


def _signs(route: str) -> Features:
    """Of a route as mode.yml shows it, the device (the underlay's is called eth0 there) and who put it there."""
    words = route.split()
    signs = {}
    if "dev" in words:
        device = words[words.index("dev") + 1]
        signs["route"] = UNDERLAY if device == "eth0" else device
    if "proto" in words:
        signs["protocol"] = words[words.index("proto") + 1]
    return signs


# -- whose network it is ----------------------------------------------------------------------------------------------


def _whose(seen: Evidence, cnis: Mapping[str, CniInCluster]) -> list[Finding]:
    """Which CNI moves the packets: by its daemon sets; where there is none (k3s has Flannel inside), by annotations."""
    said: list[Finding] = []
    if seen.daemon_sets:
        running = daemon_sets.runs(seen.daemon_sets)
        said = [found(DAEMON_SETS, CLUSTER, one.said, "cni", running) for one in seen.daemon_sets]
    elif seen.daemon_sets is None:
        said.append(hidden(DAEMON_SETS, CLUSTER, "daemon sets", seen.unseen.get("daemonsets", "")))
    else:
        known = ", ".join(cni.published.name for cni in cnis.values())
        said.append(note(DAEMON_SETS, CLUSTER, f"no daemon set of a CNI that is known here ({known})"))
    noted = {name: words for name, cni in cnis.items()
             if (words := next(filter(None, (cni.noted(node) for node in seen.nodes)), ""))}
    if seen.daemon_sets:
        ours = frozenset[str]().union(*(one.cnis for one in seen.daemon_sets))
        said += [note(NOTES, CLUSTER, f"{words}, which may be left from before") for name, words in noted.items()
                 if name not in ours]
    else:
        said += [found(NOTES, CLUSTER, words, "cni", *noted) for words in noted.values()]
    return said


# -- what the two nodes show ------------------------------------------------------------------------------------------


def _nodes(seen: Evidence, modes: Iterable[Mode], cnis: Mapping[str, CniInCluster]) -> list[Finding]:
    signs = {mode.signs.device for mode in modes}
    if not seen.views:
        return [hidden(layer, CLUSTER, "the nodes were not asked") for layer in (LINKS, ROUTES)]
    said: list[Finding] = []
    for view in seen.views:
        said += [hidden(LINKS, view.name, "the node itself", view.blind)] if view.blind else [
            *_links(view, signs, cnis), *_routes(view, cnis)]
    return said


def _canonical(device: str, cnis: Mapping[str, CniInCluster]) -> str:
    return next((name for cni in cnis.values() if (name := cni.canonical(device)) != device), device)


def _links(view: NodeView, signs: set[str], cnis: Mapping[str, CniInCluster]) -> list[Finding]:
    if view.links is None:
        return [hidden(LINKS, view.name, "links", view.unseen.get("links.json", ""))]
    said = []
    names = view.link_names
    attach = {name: cni.name for cni in cnis.values() for name in names if cni.attaches(name)}
    attach |= {name: other for pattern, other in OTHER_LINKS.items() for name in names if re.match(pattern, name)}
    if attach:
        some = ", ".join(dict.fromkeys(f"{owner}'s" for owner in sorted(attach.values())))
        said.append(found(LINKS, view.name, f"pods hang on {some} links ({min(attach)})", "pods' links", *attach.values()))
    devices = {f"{_canonical(str(link.get('ifname')), cnis)} ({link_kind(link)})": f"{link.get('ifname')} ({link_kind(link)})"
               for link in view.links if _canonical(str(link.get("ifname")), cnis) in signs}
    words = ", ".join(f"link {one}" for one in devices.values()) or "no device of a mode's"
    return [*said, found(LINKS, view.name, words, "device", *(devices or {"none": ""}))]


def _routes(view: NodeView, cnis: Mapping[str, CniInCluster]) -> list[Finding]:
    if view.routes is None:
        return [hidden(ROUTES, view.name, "routes", view.unseen.get("routes.json", ""))]
    route = view.route
    if route is None:
        return [hidden(ROUTES, view.name, "the route to a pod", "no pod is known on the other node")]
    if not route:
        return [found(ROUTES, view.name, f"no route leads to {view.pod}", "route", "none")]
    device = str(route.get("dev", "none"))
    place = UNDERLAY if device == view.underlay else _canonical(device, cnis)
    words = route_words(route)
    return [found(ROUTES, view.name, words, "route", place),
            found(ROUTES, view.name, words, "protocol", route_protocol(route))]
