"""Thresholds follow from everything that the fit moved: brute force over all of it says the same."""

from collections.abc import Mapping

import numpy as np
import pytest

from renp_sim.analysis.data import Observation
from renp_sim.analysis.infer.fit import ModelFit, fit
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.model import Constraint
from renp_sim.app.propagation import regions_of_thresholds
from renp_sim.arrays import FloatArray
from renp_sim.physics.atom import known_atoms
from renp_sim.physics.pairs import PAIRS
from renp_sim.prediction.expected_counts import ExpectedCounts
from tests.prediction.exposures import exposure, yb_model

E_EG_EV = known_atoms()["Yb"].e_eg_eV
OMEGAS_EV = [1.0685, 1.0692, 1.0693, 1.0702, 1.07085, 1.0712, 1.07162]
MASS, ATMOSPHERIC, SOLAR = "lightest_mass_eV", "dm2_3l_eV2", "dm2_21_eV2"
KNOWN = {
    ATMOSPHERIC: Constraint(value=2.507e-3, error=2.7e-5),
    SOLAR: Constraint(value=7.41e-5, error=2.1e-6),
}


def fitted(
    free: tuple[str, ...], constrain: Mapping[str, Constraint], fix: Mapping[str, float]
) -> tuple[ExpectedCounts, FloatArray, ModelFit]:
    """Return a model of what is named, counts near the expectation of 10 meV, and the fit."""
    steps = exposure(OMEGAS_EV, gamma0_hz=0.02)
    model = yb_model(steps, offered=(*free, *constrain, *fix))
    counts = np.round(yb_model(steps, offered=()).expected(np.empty(0)) * [1.01, 1, 0.98, 1, 1.03, 0.97, 1])
    found = fit(
        Observation(exposure=steps, counts=counts), {"normal": model}, free=free, constrain=constrain, fix=fix
    )
    return model, counts, found.best


@pytest.mark.parametrize(
    ("free", "constrained", "points"),
    [
        ((MASS, ATMOSPHERIC), (), 81),
        ((MASS,), (ATMOSPHERIC,), 81),
        ((ATMOSPHERIC,), (SOLAR,), 81),
        pytest.param((MASS,), (ATMOSPHERIC, SOLAR), 21, marks=pytest.mark.slow),
    ],
)
def test_intervals_are_those_of_brute_force(
    free: tuple[str, ...], constrained: tuple[str, ...], points: int
) -> None:
    """`--free dm2_3l_eV2` gave ± 5e-8 eV of ω_33: the mass alone was propagated."""
    constrain = {name: KNOWN[name] for name in constrained}
    model, counts, best = fitted(free, constrain, {})
    found = regions_of_thresholds(best, E_EG_EV, 1.0)
    axes = []
    for parameter in best.setup.model.parameters:
        intervals = best.parameter(parameter.name).intervals
        assert intervals is not None
        low, high = intervals.regions[0].lower, intervals.regions[-1].upper
        axes.append(np.linspace(max(low - 0.05 * (high - low), 0), high + 0.05 * (high - low), points))
    theta = np.stack([x.ravel() for x in np.meshgrid(*axes, indexing="ij")], axis=1)
    q = poisson_deviance(counts, model.expected(theta)).sum(axis=-1)
    for name, known in constrain.items():
        q += ((theta[:, best.setup.index(name)] - known.value) / known.error) ** 2
    omega = model.neutrinos(theta[q <= best.minus_two_ln_L + 1]).thresholds_eV(E_EG_EV)
    for pair, place in PAIRS.items():
        ((low, high),) = found[pair]
        brute_low, brute_high = omega[:, *place].min(), omega[:, *place].max()
        # a grid stops short of an end by a cell of each axis at most, and never beyond it
        tolerance = 1.1 * len(axes) * 1.1 / points * (high - low) + 1e-12
        assert brute_low - tolerance <= low <= brute_low + 1e-3 * (high - low) + 1e-12
        assert brute_high - 1e-3 * (high - low) - 1e-12 <= high <= brute_high + tolerance


def test_a_fixed_splitting_moves_the_thresholds() -> None:
    """ω_33 was 180 µeV off, that of the splitting of the run."""
    model, _, best = fitted((MASS,), {}, {ATMOSPHERIC: 2.6e-3})
    theta = best.setup.theta
    mass = best.parameter(MASS).value
    expected = E_EG_EV / 2 - (2 * np.sqrt(mass**2 + 2.6e-3)) ** 2 / (2 * E_EG_EV)
    assert model.neutrinos(theta[None]).thresholds_eV(E_EG_EV)[0, 2, 2] == pytest.approx(expected, abs=1e-12)
    ((low, high),) = regions_of_thresholds(best, E_EG_EV, 1.0)["33"]
    assert low < expected < high


def test_where_nothing_floats_there_is_no_interval() -> None:
    _, _, best = fitted((), {}, {MASS: 0.01})
    assert set(map(tuple, regions_of_thresholds(best, E_EG_EV, 1.0).values())) == {()}
