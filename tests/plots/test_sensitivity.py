"""Limits along a scan, drawn also where there are none."""

from dataclasses import replace

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


def test_points_without_a_limit_and_poles_are_marked_and_names_fit() -> None:
    x = np.array([1.0, 2.0, 3.0])
    seen = [replace(Limit.none("g", 0.9, 0.0), upper=end, lower=-end) for end in (1e-3, 2e-3)]
    names = [f"interaction.y_pseudoscalar.{element}.re" for element in (12, 13, 23)]
    curves = [DrawnLimit.of(name, x, [*seen, Limit.none("g", 0.9, 0.0)]) for name in names]
    drawn = sensitivity_plot(curves, x_label="x", is_log=True, poles=np.array([1.5]))
    drawn.canvas.draw()
    (axes,) = drawn.axes
    marks = {line.get_marker(): line.get_xdata() for line in axes.lines}
    assert marks["x"].tolist() == [3.0]  # type: ignore[union-attr]
    assert marks["v"].tolist() == [1.5]  # type: ignore[union-attr]
    (legend,) = drawn.legends
    width, box = drawn.bbox.width, legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= width
