"""Fits of runs with a frequency offset each find what a brute force over all offsets finds."""

import numpy as np
import pytest

from renp_sim.analysis.infer.fit import fit
from tests.prediction.several_runs import MASS, SeveralRuns

MASSES_EV = np.linspace(0.0092, 0.0108, 81)


@pytest.mark.parametrize("linewidth_eV", [0.0, 3e-6])
def test_offsets_of_two_runs_are_fitted_beside_the_mass(linewidth_eV: float) -> None:
    """The minimum is that of the brute force or lower, and Δq is 1 at the ends and above it beyond."""
    case = SeveralRuns.of(3, linewidth_eV)
    best = fit(
        case.observation,
        {"normal": case.model},
        free=(MASS,),
        constrain=dict.fromkeys(case.own),
        intervals=(MASS,),
    ).best
    q = case.brute_force(MASSES_EV, 201)
    assert best.minus_two_ln_L <= np.min(q) + 1e-6
    (found,) = (p.intervals for p in best.floating if p.name == MASS)
    assert found is not None
    inside = np.zeros(len(MASSES_EV), dtype=bool)
    for region in found.regions:
        inside |= (region.lower <= MASSES_EV) & (region.upper >= MASSES_EV)
    # a grid of offsets is 3e-3 too high at the most
    assert np.all(q[inside] - best.minus_two_ln_L <= 1 + 3e-3)
    assert np.all(q[~inside] - best.minus_two_ln_L > 1)
