"""Objects that many tests start from."""

import pytest

from renp_sim.physics.atom import known_atoms
from renp_sim.physics.interactions import StandardModel
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target


@pytest.fixture
def yb_emission() -> Emission:
    """GP23's set-up: Yb, normal ordering, Dirac, 10 meV."""
    return Emission(
        target=Target(atom=known_atoms()["Yb"]),
        neutrinos=Neutrinos.from_lightest_mass(0.01, Oscillation.nufit(Ordering.NORMAL)),
        interaction=StandardModel(),
    )


@pytest.fixture
def yb_majorana_emission() -> Emission:
    """The same with Majorana neutrinos and phases, inverted ordering: unequal masses, linear terms."""
    oscillation = Oscillation.nufit(Ordering.INVERTED, alpha21_deg=90.0, alpha31_deg=40.0)
    return Emission(
        target=Target(atom=known_atoms()["Yb"]),
        neutrinos=Neutrinos.from_lightest_mass(0.02, oscillation, Nature.MAJORANA),
        interaction=StandardModel(),
    )
