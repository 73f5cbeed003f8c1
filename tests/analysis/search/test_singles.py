"""Offsets of single steps, against a brute scan that knows that steps do not know of each other."""

import numpy as np
import pytest

from renp_sim.analysis.data import Observation
from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.fit import fit
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.search.shifts import SHIFT_SIGMAS
from renp_sim.analysis.search.singles import at_best_singles, singles_of
from renp_sim.arrays import FloatArray
from renp_sim.prediction.expected_counts import ExpectedCounts
from tests.prediction.exposures import exposure, place, start, yb_model

MASS, ERROR_EV = "lightest_mass_eV", 2e-5
OMEGAS_EV = np.linspace(1.0712, 1.0717, 8)
OFFSETS = tuple(f"frequency_offset_eV.{k}" for k in range(len(OMEGAS_EV)))


def model_and_counts() -> tuple[ExpectedCounts, FloatArray]:
    model = yb_model(exposure(OMEGAS_EV, gamma0_hz=0.02, omega_step_error_eV=ERROR_EV))
    rng = np.random.default_rng(3)
    truth = start(model)
    for name in OFFSETS:
        truth[place(model, name)] = ERROR_EV * rng.standard_normal()
    return model, rng.poisson(model.expected(truth)).astype(float)


def brute(model: ExpectedCounts, counts: FloatArray, masses_eV: FloatArray, sigmas: FloatArray) -> FloatArray:
    """Return −2 ln L at each mass with every offset where its own step is best."""
    theta = np.tile(start(model), (len(sigmas), 1))
    theta[:, [place(model, name) for name in OFFSETS]] = ERROR_EV * sigmas[:, None]
    out = []
    for mass in masses_eV:
        theta[:, place(model, MASS)] = mass
        each = poisson_deviance(counts, model.expected(theta)) + sigmas[:, None] ** 2
        out.append(np.sum(np.min(each, axis=0)))
    return np.array(out)


def test_the_fit_is_that_of_a_brute_scan() -> None:
    model, counts = model_and_counts()
    observation = Observation(exposure=model.exposure, counts=counts)
    best = fit(observation, {"n": model}, free=(MASS,), constrain=dict.fromkeys(OFFSETS)).best
    found = best.parameter(MASS)
    assert found.intervals is not None
    # the profile has no gaps, which fits that stop at a kink make
    (region,) = found.intervals.regions
    masses = np.linspace(0.008, 0.012, 81)
    q = brute(model, counts, masses, np.linspace(-5, 5, 2001))
    ends = np.array([region.lower, found.value, region.upper])
    at_ends = brute(model, counts, ends, np.linspace(-5, 5, 20_001)) - best.minus_two_ln_L
    # the brute scan is of a grid, and cannot be lower
    assert best.minus_two_ln_L <= np.min(q) + 1e-6
    assert at_ends == pytest.approx([1.0, 0.0, 1.0], abs=2e-3)
    inside = (masses > region.lower) & (masses < region.upper)
    assert np.all(q[inside] < best.minus_two_ln_L + 1.002)
    assert np.all(q[~inside] > best.minus_two_ln_L + 0.998)


def test_what_moves_one_step_is_told_from_what_moves_all() -> None:
    model, _ = model_and_counts()
    names = ("frequency_offset_eV", *OFFSETS)
    setup = Setup.of(model, free=(MASS,), constrain=dict.fromkeys(OFFSETS))
    singles = singles_of(setup, OFFSETS)
    assert {name: np.flatnonzero(steps).tolist() for name, steps in singles.items()} == {
        name: [k] for k, name in enumerate(OFFSETS) if np.any(singles[name])
    }
    assert set(singles) == set(OFFSETS)
    common = yb_model(exposure(OMEGAS_EV, omega_step_error_eV=ERROR_EV, omega_common_error_eV=1e-6))
    both = Setup.of(common, free=(MASS,), constrain=dict.fromkeys(names))
    assert set(singles_of(both, names)) == set(OFFSETS)
    assert singles_of(setup, OFFSETS[:2]) == {}


def test_each_takes_its_own_best_place() -> None:
    """The twin has the steps of another one."""
    model, counts = model_and_counts()
    setup = Setup.of(model, free=(MASS,), constrain=dict.fromkeys(OFFSETS))
    singles = singles_of(setup, OFFSETS)
    theta = np.tile(start(model), (3, 1))
    theta[:, place(model, MASS)] = [0.008, 0.0099, 0.012]

    def q_of(rows: FloatArray) -> FloatArray:
        pulls = rows[:, [place(model, name) for name in OFFSETS]] / ERROR_EV
        return np.asarray(
            poisson_deviance(counts, model.expected(rows)).sum(axis=1) + np.sum(pulls**2, axis=1)
        )

    expected = brute(model, counts, theta[:, place(model, MASS)], SHIFT_SIGMAS)
    found = q_of(at_best_singles(setup, counts, theta, singles))
    assert found == pytest.approx(expected, rel=1e-9)
    swapped = dict(zip(singles, [*list(singles.values())[1:], next(iter(singles.values()))], strict=True))
    assert np.all(q_of(at_best_singles(setup, counts, theta, swapped)) > found + 0.1)
