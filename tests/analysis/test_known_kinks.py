"""Intervals where an offset with kinks is constrained, against the lowest point of a fine grid."""

import numpy as np
import pytest
from numpy.typing import NDArray
from toy_models import ShiftedOnsets, observation

from renp_sim.analysis.fit import fit
from renp_sim.analysis.likelihood import poisson_deviance
from renp_sim.analysis.result import ModelFit

FloatArray = NDArray[np.float64]

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
    return out + [
        f"seed {seed}: {mass:.5f} has Δq = {dq:.3f}"
        for mass, dq in zip(masses[wrong], delta_q[wrong], strict=True)
    ]


SEEDS = (0,)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_false_holes_and_no_false_ends(seed: int) -> None:
    """Inside is where the grid is not above the level."""
    assert faults(seed, 101) == []
