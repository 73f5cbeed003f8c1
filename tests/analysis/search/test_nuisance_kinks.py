"""Intervals where an offset with kinks is constrained, against the lowest point of a fine grid."""

from dataclasses import replace

import numpy as np
import pytest

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer import profile_curve as curve_module
from renp_sim.analysis.infer.fit import fit
from renp_sim.analysis.infer.profile import profile
from renp_sim.analysis.infer.result import ModelFit
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.search import nuisance_kinks as known_kinks_module
from renp_sim.analysis.search.evolution import swarm_fits
from renp_sim.analysis.search.problem import Problem
from renp_sim.analysis.search.restarts import local_fits
from renp_sim.arrays import FloatArray
from tests.analysis.toy_models import ShiftedOnsets, observation

NEAR_LEVEL = 0.02
"""A grid may be wrong by so much Δ(−2 ln L)."""


def case(seed: int) -> tuple[ShiftedOnsets, FloatArray]:
    """Return a scan with its own steps, error of the offset and counts."""
    rng = np.random.default_rng([4, seed])
    steps = np.sort(rng.uniform(0.1, 0.5, int(rng.integers(6, 14))))
    if seed % 2:
        steps = np.linspace(0.1, 0.5, len(steps))
    model = ShiftedOnsets(
        thresholds=steps[:, None] + np.array([0.0, 0.04, 0.3]),
        weights=np.array([0.5, 0.3, 0.2]),
        error=float(rng.choice([0.005, 0.02, 0.05])),
        strength=float(rng.choice([30.0, 100.0])),
    )
    truth = np.array([0.5, rng.normal(0.0, model.error)])
    return model, rng.poisson(model.expected(truth)).astype(float)


def lowest(model: ShiftedOnsets, counts: FloatArray, masses: FloatArray) -> FloatArray:
    """Return −2 ln L at masses, the lowest of a grid of offsets that is dense beside every kink."""
    beside = model.error * np.concatenate([[0.0], 1e-6 * 3.0 ** np.arange(11), -1e-6 * 3.0 ** np.arange(11)])
    out = []
    for mass in masses:
        kinks = model.kinks("offset", np.array([mass, 0.0]))
        even = np.linspace(-5 * model.error, 5 * model.error, 2001)
        offsets = np.concatenate([even, (kinks[:, None] + beside).ravel()])
        theta = np.stack([np.full(len(offsets), mass), offsets], axis=1)
        q = poisson_deviance(counts, model.expected(theta)).sum(axis=1) + (offsets / model.error) ** 2
        out.append(np.min(q))
    return np.array(out)


def fitted(model: ShiftedOnsets, counts: FloatArray) -> ModelFit:
    return fit(observation(counts), {"one": model}, free=("mass",), constrain={"offset": None}).best


def faults(seed: int, n_masses: int) -> list[str]:
    """Return what is wrong with the minimum and the intervals of a case, a line each."""
    model, counts = case(seed)
    best = fitted(model, counts)
    found = best.parameter("mass").intervals
    assert found is not None
    ends = np.array([end for region in found.regions for end in (region.lower, region.upper)])
    reach = 0.5 * np.ptp(ends)
    masses = np.linspace(max(ends[0] - reach, 0.0), ends[-1] + reach, n_masses)
    delta_q = lowest(model, counts, masses) - best.minus_two_ln_L
    out = [f"seed {seed}: {delta_q.min():.3f} below the best fit"] if delta_q.min() < -NEAR_LEVEL else []
    inside = np.any([(masses >= r.lower) & (masses <= r.upper) for r in found.regions], axis=0)
    wrong = (inside != (delta_q <= 1)) & (np.abs(delta_q - 1) > NEAR_LEVEL)
    rows = zip(masses[wrong], delta_q[wrong], strict=True)
    return out + [f"seed {seed}: {mass:.5f} has Δq = {dq:.3f}" for mass, dq in rows]


def test_no_false_holes_and_no_false_ends() -> None:
    """Inside is where the grid is not above the level; with fits that only follow these seeds fail."""
    assert [line for seed in (0, 8, 16, 17) for line in faults(seed, 101)] == []


def test_fits_that_only_follow_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without a look beyond the kinks of the offset."""
    monkeypatch.setattr(curve_module, "known_kinks", lambda setup: ())
    monkeypatch.setattr(known_kinks_module, "known_kinks", lambda setup: ())
    for seed in (0, 8, 16, 17):
        assert faults(seed, 101) != []


@pytest.mark.slow
def test_no_false_holes_in_many_scans() -> None:
    """Seeds that were not chosen."""
    assert [line for seed in range(100, 160) for line in faults(seed, 201)] == []


def test_a_profile_is_the_lowest_over_the_offset() -> None:
    """At every point, and the minimum is not above the lowest of them."""
    model, counts = case(17)
    masses = np.linspace(0.47, 0.53, 61)
    found = profile(observation(counts), model, {"mass": masses}, constrain={"offset": None})
    wanted = lowest(model, counts, masses)
    assert np.all(np.abs(found.q - wanted) < NEAR_LEVEL)
    assert np.all(found.delta_q >= 0)


def test_a_swarm_walks_over_kinks_where_a_fit_stops() -> None:
    """With the mass held: from places within two errors to the lowest point of a grid."""
    model, counts = case(17)
    setup = Setup.of(model, fix={"mass": 0.501}, constrain={"offset": None})
    offsets = np.linspace(-2, 2, 9) * model.error
    theta = np.stack([np.full(9, 0.501), offsets], axis=1)
    every = np.tile(counts, (9, 1))
    stopped = local_fits(setup, every, theta)
    start = replace(stopped, theta=theta, q=np.full(9, np.inf))
    walked = swarm_fits(Problem.of(setup, every), start, np.full(9, 10.0))
    (grid,) = lowest(model, counts, np.array([0.501]))
    assert np.any(stopped.q > grid + 0.1)
    assert np.all(np.abs(walked.q - grid) < NEAR_LEVEL)
