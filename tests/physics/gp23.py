"""The setup of GP23 that the numbers of the tests belong to: Yb, NuFIT 5.2, 2.3 d at 10²¹ cm⁻³ in 100 cm³."""

from typing import Any

import numpy as np

from renp_sim.physics.atom import known_atoms
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import Interaction, StandardModel
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target

YB = known_atoms()["Yb"]
E_EG = YB.e_eg_eV
DAY_S = 86400.0
SCAN_EV = np.array([1.0688, 1.0699, 1.0711])
"""GP23's three frequencies of the mediator limits."""
SEVEN_EV = np.array([1.068, 1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164])
"""One frequency in each interval between thresholds, and one that separates μ33 from ε33."""


def matrix(**elements: Any) -> CouplingMatrix:
    """Return a matrix from keywords: `matrix(e11=1e-14, e12=[2e-14, 1e-14])`."""
    return CouplingMatrix.from_elements({name.removeprefix("e"): value for name, value in elements.items()})


def emission(
    interaction: Interaction | None = None,
    *,
    ordering: Ordering = Ordering.NORMAL,
    nature: Nature = Nature.DIRAC,
    lightest_mass_eV: Any = 0.01,
    f_l: float = 1 / 3,
    **oscillation: Any,
) -> Emission:
    return Emission(
        target=Target(atom=YB, f_l=f_l),
        neutrinos=Neutrinos.from_lightest_mass(
            lightest_mass_eV, Oscillation.nufit(ordering, **oscillation), nature
        ),
        interaction=interaction or StandardModel(),
    )


def kinematics(omega_eV: Any, emitted: Emission) -> Kinematics:
    target = emitted.target
    return Kinematics.at(omega_eV, emitted.neutrinos, e_eg_eV=target.atom.e_eg_eV, f_l=target.f_l)
