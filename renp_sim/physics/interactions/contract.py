"""The contract of an interaction: three coefficients per (ω, i, j).

Every interaction of GP23, interference included, is quadratic in c = cosθ*. So totals, event sampling and
likelihood all use the same three numbers, and an interaction is one method.
"""

from typing import ClassVar, Protocol, runtime_checkable

from renp_sim.physics.current import Bracket
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature, Neutrinos
from renp_sim.physics.propagator import Pole

__all__ = ["Interaction", "Pole"]


@runtime_checkable
class Interaction(Protocol):
    """A frozen dataclass whose fields are the keys of the run file's section.

    Implementations are picklable, hold no state, and give 0 new physics for vanishing couplings. Numbers
    in their fields may be arrays over the leading parameter axes.
    """

    name: ClassVar[str]
    """What the run file calls it."""

    def problems(self, nature: Nature) -> list[str]:
        """Return why the couplings cannot be those of such neutrinos, a line each; empty if they can."""
        ...

    def bracket(self, kinematics: Kinematics, neutrinos: Neutrinos) -> Bracket:
        """Return A0, A1, A2 (eV², shape (..., 3, 3)), B(c) ≥ 0 on [−1, 1]; closed pairs are not looked at."""
        ...

    def poles(self, neutrinos: Neutrinos) -> tuple[Pole, ...]:
        """Return the resonances, for whoever must place points around them."""
        ...
