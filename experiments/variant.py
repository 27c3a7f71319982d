"""What a result is a result of: a mode, in a lab, on a kernel, by whose daemon. One value, wherever a result is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What goes unnamed in file names, because it is what can be had everywhere.
EMBEDDED, HOST = "netns", "host"
CAPSULE = "uml"
UPSTREAM = "upstream"
# Whose kernel carries the packets, as people say it.
KERNELS: Mapping[str, str] = {HOST: "host's kernel", CAPSULE: "User-Mode Linux"}


@dataclass(frozen=True, order=True)
class Variant:
    """A result's identity. Two results with the same one can be pooled; others are never one sample."""

    mode: str
    lab: str = EMBEDDED
    kernel: str = HOST
    daemon: str = ""  # UPSTREAM, where upstream's own daemon runs in place of ours

    @property
    def unusual(self) -> tuple[str, ...]:
        """What sets it apart: a lab but the embedded one, the capsule's kernel, upstream's daemon."""
        parts = ((self.lab, EMBEDDED), (self.kernel, HOST), (self.daemon, ""))
        return tuple(part for part, usual in parts if part and part != usual)

    @property
    def name(self) -> str:
        """How a person names it: ``calico-bgp``, ``calico-bgp@uml``."""
        return "@".join([self.mode, *self.unusual])

    @property
    def file_name(self) -> str:
        """The name of its result file.

        So ``<mode>.yml``, ``<mode>@uml.yml``, ``<mode>@containerlab.yml``, ``<mode>@containerlab@uml.yml`` and
        ``<mode>@upstream.yml``.
        """
        return f"{self.name}.yml"

    @property
    def sample(self) -> str:
        """The mode's name, with ``@upstream`` where upstream's daemon ran: what a comparison inside one place ranks."""
        return f"{self.mode}@{self.daemon}" if self.daemon else self.mode

    @property
    def place(self) -> str:
        """Where it was measured, and by whose daemon, in words: ``kind lab, host's kernel, upstream's daemon``."""
        return f"{self.lab} lab, {self.carried}"

    @property
    def carried(self) -> str:
        """Whose kernel, and whose daemon, carried the packets, in words."""
        return KERNELS.get(self.kernel, self.kernel) + (f", {self.daemon}'s daemon" if self.daemon else "")

    @property
    def place_unless_usual(self) -> str:
        """As :attr:`place`; the embedded lab goes unsaid."""
        return self.carried if self.lab == EMBEDDED else self.place

    @property
    def anchor(self) -> str:
        """All but the mode, fit for a part of an HTML id."""
        return "-".join(part for part in (self.lab, self.kernel, self.daemon) if part)
