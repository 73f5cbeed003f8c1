"""Exposures from a few numbers."""

from dataclasses import fields

import numpy as np
import pytest

from renp_sim.analysis.data import Exposure
from renp_sim.errors import ConfigError

TWO = Exposure.of(
    omega_eV=[1.07, 1.071],
    live_time_s=[10.0, 20.0],
    coherence=[1.0, 0.0],
    gamma0_hz=2.0,
    efficiency=0.5,
    components=("dark", "qed"),
    background_rate_hz=[0.1, 0.3],
    background_present=[[True, True], [True, False]],
)


def test_numbers_go_to_every_step_and_component() -> None:
    assert TWO.n_steps == 2
    assert TWO.background_rate_hz.tolist() == [[0.1, 0.3], [0.1, 0.3]]
    assert TWO.step.tolist() == [0, 1]
    for field in fields(TWO):
        if field.name != "components":
            values = getattr(TWO, field.name)
            assert len(values) == 2
            assert values.flags.owndata
            assert values.flags.writeable


def test_counts_per_unit_and_background() -> None:
    assert TWO.counts_per_unit.tolist() == [10.0, 0.0]
    assert TWO.background_counts.tolist() == pytest.approx([4.0, 2.0], rel=1e-15)


def test_scaling_the_time_scales_every_count() -> None:
    more = TWO.scaled(3.0)
    np.testing.assert_allclose(more.counts_per_unit, 3 * TWO.counts_per_unit, rtol=1e-15)
    np.testing.assert_allclose(more.background_counts, 3 * TWO.background_counts, rtol=1e-15)
    assert more.coherence is TWO.coherence


def test_taken_steps_keep_their_numbers() -> None:
    second = TWO.take(np.array([1]))
    assert (second.n_steps, second.step[0], second.omega_eV[0]) == (1, 1, 1.071)
    assert second.background_present.tolist() == [[True, False]]


def test_a_number_is_one_step_without_background() -> None:
    one = Exposure.of(omega_eV=1.07, live_time_s=1.0)
    assert one.background_rate_hz.shape == (1, 0)
    assert one.counts_per_unit.tolist() == [1.0]


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ConfigError, match=r"exposure\.efficiency: shape \(3,\) does not fit \(2,\)"):
        Exposure.of(omega_eV=[1.07, 1.071], live_time_s=1.0, efficiency=[0.1, 0.2, 0.3])
