"""Exposures and models that the tests of predictions start from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from renp_sim.analysis.data import Exposure
from renp_sim.physics.atom import known_atoms
from renp_sim.physics.neutrino import Ordering, Oscillation
from renp_sim.physics.target import Target
from renp_sim.prediction.expected_counts import ExpectedCounts

GP23_S = 2.3 * 86400.0
SIX_EV = [1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164]
"""GP23's scan: one frequency in each interval between thresholds."""


def exposure(omega_eV: Any, **changes: Any) -> Exposure:
    """Return signal steps of 2.3 d at efficiency 1 without errors or background; numbers go to every step."""
    return Exposure.of(**{"omega_eV": omega_eV, "live_time_s": GP23_S, "gamma0_hz": 0.002} | changes)


def known_exposure(omega_eV: Any = SIX_EV, **changes: Any) -> Exposure:
    """Return steps with every kind of stated uncertainty and two background components."""
    return exposure(
        omega_eV,
        **{
            "efficiency": 0.2,
            "efficiency_common_error": 0.01,
            "efficiency_step_error": 0.004,
            "omega_common_error_eV": 5e-6,
            "omega_step_error_eV": 1e-6,
            "components": ("dark", "qed"),
            "background_rate_hz": [1e-4, 2e-5],
            "background_error_hz": [1e-5, 4e-6],
        }
        | changes,
    )


def yb_model(steps: Exposure, **changes: Any) -> ExpectedCounts:
    """Return the Standard Model of Yb, normal ordering unless said, for an exposure."""
    ordering = changes.pop("ordering", Ordering.NORMAL)
    target = Target(atom=known_atoms()["Yb"], f_l=changes.pop("f_l", 1 / 3))
    return ExpectedCounts(
        **{"exposure": steps, "target": target, "oscillation": Oscillation.nufit(ordering)} | changes
    )


def start(model: ExpectedCounts, **values: float) -> NDArray[np.float64]:
    """Return θ of the model's values with changes; dots in names are written as double underscores."""
    theta = {p.name: p.value for p in model.parameters}
    changes = {name.replace("__", "."): value for name, value in values.items()}
    assert set(changes) <= set(theta)
    return np.array(list((theta | changes).values()))


def place(model: ExpectedCounts, name: str) -> int:
    """Return where a parameter stands in θ."""
    return [p.name for p in model.parameters].index(name)
