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


def test_what_would_be_hidden_is_at_the_bottom_of_a_logarithmic_axis() -> None:
    edges = np.linspace(0.9, 1.2, 31)
    few, many = np.full(30, 1.0), np.full(30, 400.0)
    linear = energy_plot(edges, {"signal": many, "dark": many / 10})
    drawn = energy_plot(edges, {"signal": many, "dark": few})
    assert [figure.axes[0].get_yscale() for figure in (linear, drawn)] == ["linear", "log"]
    legend = drawn.axes[0].get_legend()
    assert legend is not None
    # the legend begins with what is on top, in the colours that they have on a linear axis
    assert [text.get_text() for text in legend.get_texts()] == ["signal", "dark"]
    colours = [[handle.get_facecolor() for handle in legend.legend_handles]]
    other = linear.axes[0].get_legend()
    assert other is not None
    by_name = dict(zip([t.get_text() for t in other.get_texts()], other.legend_handles, strict=True))
    assert colours == [[by_name[name].get_facecolor() for name in ("signal", "dark")]]
