"""The Standard Model: W and Z exchange at low energy, Dirac or Majorana."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from renp_sim.physics.current import Bracket, current
from renp_sim.physics.interactions.contract import Pole
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature, Neutrinos

__all__ = ["StandardModel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardModel:
    """Implements Eqs. (2)–(5) of GP23. No parameters beyond those of the neutrinos."""

    name: ClassVar[str] = "standard_model"

    def problems(self, nature: Nature) -> list[str]:
        """Return none, whatever the neutrinos."""
        return []

    def bracket(self, kinematics: Kinematics, neutrinos: Neutrinos) -> Bracket:
        """Return A0, A1, A2: Dirac A = |a|², B = 0; Majorana A = |a|², B = −Re a²."""
        a = kinematics.over_frequencies(neutrinos.weak_couplings())
        square = np.abs(a) ** 2
        if neutrinos.nature is Nature.MAJORANA:
            # |a|² − Re a² = 2 (Im a)², without the cancellation
            return current(kinematics, square, 2 * a.imag**2)
        return current(kinematics, square, square)

    def poles(self, neutrinos: Neutrinos) -> tuple[Pole, ...]:
        """Return none."""
        return ()
