"""Offsets of the frequency scale."""

import numpy as np
from scipy.stats import kstest

from renp_sim.laser.calibration import Calibration

DRAWN = Calibration(common_offset_eV=None, common_error_eV=1e-6, step_error_eV=1e-7)


def test_a_given_offset_is_that_of_every_step() -> None:
    assert (
        Calibration(common_offset_eV=1e-5, common_error_eV=1.0).offsets_eV(3, seed=1).tolist() == [1e-5] * 3
    )


def test_drawn_offsets_belong_to_the_seed_and_to_the_number_of_the_step() -> None:
    offsets = DRAWN.offsets_eV(5, seed=1)
    assert len(set(offsets.tolist())) == 5
    assert np.array_equal(DRAWN.offsets_eV(3, seed=1), offsets[:3])
    assert not np.array_equal(DRAWN.offsets_eV(5, seed=2), offsets)


def test_drawn_offsets_have_the_stated_errors() -> None:
    """KS over 500 seeds and over 2000 steps, false-alarm probability 1e-6 each; twice the width must fail."""
    common = [
        Calibration(common_offset_eV=None, common_error_eV=1e-6).offsets_eV(1, s)[0] for s in range(500)
    ]
    steps = Calibration(step_error_eV=1e-7).offsets_eV(2000, seed=1)
    for pulls in (np.array(common) / 1e-6, steps / 1e-7):
        assert kstest(pulls, "norm").pvalue > 1e-6
        assert kstest(2 * pulls, "norm").pvalue < 1e-6
