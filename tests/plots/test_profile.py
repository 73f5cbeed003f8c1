"""The plot of profiles: numbers in full, bands that belong to their curve."""

import numpy as np

from renp_sim.analysis.intervals import Interval
from renp_sim.plots.profile import DrawnProfile, profile_plot
from tests.plots.examples import parabolas


def test_a_narrow_profile_has_full_numbers_and_room_for_them() -> None:
    """No offset such as +1e1 beside the label, no name of a level on a curve."""
    mass = np.linspace(9.99e-3, 10.01e-3, 101)
    near = DrawnProfile(label="normal", values=mass, delta_q=((mass - 10e-3) / 2.6e-6) ** 2)
    far = DrawnProfile(label="inverted", values=mass, delta_q=np.full(101, 50.0))
    drawn = profile_plot([near, far])
    drawn.draw_without_rendering()
    (axes,) = drawn.axes
    assert axes.xaxis.get_offset_text().get_text() == ""
    shown = [float(label.get_text()) for label in axes.get_xticklabels()]
    np.testing.assert_allclose(shown, axes.get_xticks(), rtol=1e-12)
    assert all(text.get_window_extent().x0 > axes.bbox.x1 for text in axes.texts)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["normal", "inverted (above 10)"]


def test_the_band_of_a_worse_hypothesis_begins_at_its_own_minimum() -> None:
    (axes,) = parabolas(0.01, 0.02, offset=4.0).axes
    bottoms = [patch.get_extents().transformed(axes.transAxes.inverted()).y0 for patch in axes.patches]
    np.testing.assert_allclose(bottoms, [0.0, 0.4], atol=1e-3)


def test_a_hypothesis_above_everything_has_no_band_and_no_warning() -> None:
    mass = np.array([0.01])
    region = Interval(lower=0.005, upper=0.015)
    nothing = DrawnProfile(label="none", values=mass, delta_q=np.array([np.inf]), regions=(region,))
    (axes,) = profile_plot([nothing]).axes
    assert all(patch.get_extents().height == 0 for patch in axes.patches)
