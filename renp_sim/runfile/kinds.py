"""What a run file can name: every registered kind, by what stands in its place.

A new interaction, background, efficiency, spectrum, resolution, dead time or drift is one class and one name
in its tuple: the fields of the class are the keys of its table, with their types, ranges and defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from detector import efficiency, spectrum
from detector.afterpulse import AFTERPULSES, Afterpulse
from detector.background import BACKGROUNDS, Background
from detector.dead_time import DEAD_TIMES, DeadTime
from detector.drift import DRIFTS, Drift
from detector.efficiency import EFFICIENCIES, Efficiency
from detector.resolution import RESOLUTIONS, Resolution
from detector.spectrum import SPECTRA, Spectrum
from renp_sim.physics.interactions import INTERACTIONS, Interaction

__all__ = ["KINDS", "TABLES", "TAGS", "Kinds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """The kinds of one thing.

    Parameters
    ----------
    key
        The key that names one.
    known
        Their classes by what the run file calls them.
    default
        The one that is meant where none is named; None where one must be.
    """

    key: str = "kind"
    known: Mapping[str, type]
    default: str | None = None


KINDS: Mapping[Any, Kinds] = {
    Interaction: Kinds(key="model", known={k.name: k for k in INTERACTIONS}, default="standard_model"),
    Background: Kinds(known={k.kind: k for k in BACKGROUNDS}),
    Efficiency: Kinds(known={k.kind: k for k in EFFICIENCIES}),
    Spectrum: Kinds(known={k.kind: k for k in SPECTRA}),
    Resolution: Kinds(known={k.kind: k for k in RESOLUTIONS}, default="gaussian"),
    DeadTime: Kinds(known={k.kind: k for k in DEAD_TIMES}, default="non_paralysable"),
    Drift: Kinds(known={k.kind: k for k in DRIFTS}, default="linear"),
    Afterpulse: Kinds(known={k.kind: k for k in AFTERPULSES}, default="exponential"),
}
"""By the interface that the objects have."""

TAGS: Mapping[type, tuple[str, str]] = {
    kind: (kinds.key, name) for kinds in KINDS.values() for name, kind in kinds.known.items()
}
"""The key and the value that name a class."""

TABLES: Mapping[type, str] = {efficiency.Tabulated: "efficiency", spectrum.Tabulated: "density"}
"""Kinds whose energies and values may stand in a CSV file instead: what its second column is called."""
