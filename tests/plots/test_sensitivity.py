"""Limits along a scan, drawn also where there are none."""

import numpy as np

from renp_sim.analysis.infer.limit import Limit
from renp_sim.plots.sensitivity import DrawnLimit, sensitivity_plot


def test_a_curve_without_a_limit_is_drawn_and_points_are_put_in_order() -> None:
    """A scan in which nothing is excluded ended in a traceback of its logarithmic axis."""
    x = np.array([3.0, 1.0, 2.0])
    curve = DrawnLimit.of("g", x, [Limit.none("g", 0.9, best, delta_q=2.7) for best in x])
    assert curve.x.tolist() == [1.0, 2.0, 3.0]
    drawn = sensitivity_plot([curve], x_label="x", is_log=True)
    drawn.canvas.draw()
    (axes,) = drawn.axes
    assert [text.get_text() for text in axes.texts] == ["no value is excluded"]
    assert axes.get_xlim() == (1.0, 3.0)
    assert axes.get_xscale() == "log"
