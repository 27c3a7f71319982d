"""What a lab offers to the rest of the program; :mod:`experiments.labs.table` lists the labs there are.

Adding a lab is a folder with a ``backend.py`` that has one of these, and a line in the table.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

from experiments.catalog import Mode
from experiments.errors import UserError
from experiments.labs.base import Lab
from experiments.machine import Machine, Missing
from experiments.variant import HOST

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Means:
    """What this machine offers to a lab. No part of a result, so it may name files, and somebody's nodes."""

    manifests: str = ""  # a folder with the CNIs' manifests; empty: they are fetched once
    image_archive: str = ""  # a file with a CNI's images; empty: the nodes pull them
    nodes: str = ""  # of a cluster, the two that measure: "a,b"; empty: the first two that are fit
    image: str = ""  # the lab's image, in a registry that the cluster can pull from


NO_MEANS = Means()


@dataclass(frozen=True)
class Paper:
    """A lab of which only the commands are written down: what ``--dry-run`` shows, as a person could paste it."""

    before: tuple[str, ...] = ()  # what makes the lab
    lab: Lab | None = None  # records what a recipe would type; None where a CNI builds the mode
    after: tuple[str, ...] = ()  # what removes the lab


@dataclass(frozen=True)
class InCapsule:
    """What a capsule must bring with it if the lab is to be made inside."""

    memory_mb: int | None = None  # None: what any capsule has
    features: tuple[str, ...] = ()  # of the capsule's kernel, beyond the modes'
    programs: tuple[str, ...] = ()  # of the host's, beyond those in the system's own folders
    start: str = ""  # ``module:function`` that is called inside, once, before the first lab
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Backend(ABC):
    """A lab as a way to make labs. Stateless: one instance in the table serves all."""

    name: ClassVar[str]  # what is typed after --lab, and stored in results
    kernels: ClassVar[tuple[str, ...]] = (HOST,)  # on which it can be made
    foreign: ClassVar[bool] = False  # it is somebody's: looked at before it is used, and never taken without being asked
    measuring_nodes: ClassVar[int | None] = None  # how many nodes measure, where that cannot be chosen
    makers: ClassVar[bool] = False  # the CNI's own programs build the mode in it, and nothing of ours can
    upstream: ClassVar[bool] = False  # whether upstream's daemons can be started on its nodes
    whose_kernel: ClassVar[str] = ""  # in words, where neither the host's nor the capsule's says it
    sizes_of_catalogue: ClassVar[bool] = True  # modes have the lengths and times to live of their mode.yml
    # What a result of this lab shows and no other lab's does, so that its label can be checked.
    typed_when_made: ClassVar[tuple[str, ...]] = ()  # commands in the transcript
    told_in_results: ClassVar[tuple[str, ...]] = ()  # keys under ``implementation``
    told_of_machines: ClassVar[tuple[str, ...]] = ()  # keys under ``host``, beyond what is told of any machine

    @abstractmethod
    def needs(self, mode: Mode, kernel: str, machine: Machine) -> tuple[Missing, ...]:
        """Return what a machine lacks for a mode in this lab on one of its kernels; nothing where it is ready."""

    @abstractmethod
    def up(
        self, mode: Mode, *, nodes: int = 2, kernel: str = HOST, means: Means = NO_MEANS, tell: Tell = lambda _: None
    ) -> AbstractContextManager[Lab]:
        """Return a lab with the underlay that the mode wants, not yet up.

        Raises:
            UserError: the lab cannot be made on this machine.
        """

    @abstractmethod
    def on_paper(self, mode: Mode | None, *, nodes: int = 2, means: Means = NO_MEANS) -> Paper:
        """Return the commands that would make the lab, without running any.

        ``mode`` is None only where the lab is foreign: it has the mode that it has.
        """

    def remove(self, name: str) -> None:
        """Remove what a killed runner has left of a lab, by the name under which it was written down.

        Raises:
            UserError: labs of this kind leave nothing behind.
            ExperimentFailed: something would not go; it is named, and stays written down.
        """
        self._leaves_nothing(name)

    def _leaves_nothing(self, name: str) -> NoReturn:
        raise UserError(f"{name}: the lab {self.name} never leaves anything behind.", "Remove the entry by hand.")

    def in_capsule(self) -> InCapsule:
        """Return what a capsule needs to bring for this lab.

        Raises:
            UserError: the lab cannot be made in the capsule.
        """
        raise UserError(f"The lab {self.name} cannot be made in the capsule.", "Leave --kernel out.")
