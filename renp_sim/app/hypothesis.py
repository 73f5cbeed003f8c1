"""A hypothesis about neutrinos: ordering, nature, and which masses are its parameters."""

from dataclasses import dataclass
from enum import StrEnum

from renp_sim.physics.neutrino import Nature, Ordering, Oscillation

__all__ = ["MASS_NAMES", "Hypothesis", "Masses"]


class Masses(StrEnum):
    """Which masses are the parameters."""

    LIGHTEST = "lightest"
    THREE = "three"


MASS_NAMES = {Masses.LIGHTEST: ("lightest_mass_eV",), Masses.THREE: ("m1_eV", "m2_eV", "m3_eV")}
"""What the parameters are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What a model assumes of the neutrinos.

    Parameters
    ----------
    ordering, nature
        Normal or inverted; Dirac or Majorana.
    masses
        The lightest mass is fitted, or three.

    Examples
    --------
    >>> Hypothesis(ordering=Ordering.NORMAL, nature=Nature.DIRAC).label
    'normal/dirac'
    """

    ordering: Ordering
    nature: Nature
    masses: Masses = Masses.LIGHTEST

    @property
    def label(self) -> str:
        """What it is called where results are shown."""
        return f"{self.ordering}/{self.nature}"

    def oscillation(self, known: Oscillation) -> Oscillation:
        """Return what is known if that is of its own ordering, else NuFIT 5.2."""
        return known if known.ordering is self.ordering else Oscillation.nufit(self.ordering)
