"""The histogram of energies: stacked, with room at both ends."""

import numpy as np

from renp_sim.plots.energies import energy_plot
from tests.plots.examples import energies


def test_no_photon_is_an_axis_from_zero() -> None:
    drawn = energy_plot(np.linspace(0, 10, 11), {"no photon": np.zeros(10)})
    assert drawn.axes[0].get_ylim()[0] == 0


def test_the_first_and_last_bin_are_not_cut_by_the_frame() -> None:
    low, high = energies().axes[0].get_xlim()
    assert low < 0.9 < 1.2 < high
