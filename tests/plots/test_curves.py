"""Curves over the frequency: logarithmic for a peak, and nothing on the axis beyond a threshold."""

import numpy as np

from renp_sim.plots.curves import Curve, curve_plot
from tests.plots.examples import curves


def test_a_resonance_has_a_logarithmic_axis_and_its_mark() -> None:
    assert [axes.get_yscale() for axes in curves().axes] == ["linear", "linear"]
    whole, dense = curves(peak=1e4).axes
    assert (whole.get_yscale(), dense.get_yscale()) == ("log", "linear")
    assert any(line.get_linestyle() == ":" for line in whole.lines)


def test_a_curve_ends_on_the_axis_at_its_threshold() -> None:
    omega = np.array([1.0, 1.1, 1.2, 1.3, 1.4])
    drawn = curve_plot(
        [Curve(label="I", omega_eV=omega, value=np.array([2.0, 1.0, 0.0, 0.0, 0.0]))],
        windows=[(1.0, 1.4)],
        y_label="I",
        thresholds_eV={},
    )
    shown = np.asarray(drawn.axes[0].lines[0].get_ydata())
    np.testing.assert_array_equal(shown, [2.0, 1.0, 0.0, np.nan, np.nan])


def test_nothing_but_zeros_is_an_empty_panel() -> None:
    omega = np.linspace(1, 2, 5)
    zero = Curve(label="I", omega_eV=omega, value=np.zeros(5))
    curve_plot([zero], windows=[(1.0, 2.0)], y_label="I", thresholds_eV={}).draw_without_rendering()
