"""The scan for an excess, on axes that show its dense group."""

import numpy as np

from renp_sim.plots.excess import excess_plot


def test_a_dense_group_of_places_has_a_panel() -> None:
    """All excesses of a fine scan stood in one column."""
    omega_eV = np.append(np.linspace(1.068, 1.0714, 18), np.linspace(1.0715, 1.0717, 21))
    whole, dense = excess_plot(omega_eV, np.ones(39), {2.0: 4.0, 3.0: 9.0}).axes
    assert dense.get_xlim()[0] > 1.0714
    assert whole.get_xlim()[0] < 1.068
    (alone,) = excess_plot(omega_eV[:18], np.ones(18), {2.0: 4.0, 3.0: 9.0}).axes
    assert alone.get_xlabel()
