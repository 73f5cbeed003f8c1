"""Limits along a scan, drawn also where there are none, or one, or where they have two ends above 0."""

from dataclasses import replace

import numpy as np
import pytest

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


def limits(lower: list[float | None], upper: list[float], *, band: float | None = None) -> list[Limit]:
    none = Limit.none("m", 0.9, 0.0)
    return [
        replace(none, lower=a, upper=b, expected=None if band is None else (b, b, b, b + band, b + 2 * band))
        for a, b in zip(lower, upper, strict=True)
    ]


def test_a_lower_end_above_zero_is_drawn() -> None:
    """That of a mass was drawn as its negative, which a logarithmic axis does not show."""
    curve = DrawnLimit.of("m", np.array([1.0, 2.0, 3.0]), limits([None, 0.8, 0.9], [1.3, 1.2, 1.1]))
    (axes,) = sensitivity_plot([curve], x_label="x", is_log=False).axes
    lower = next(line for line in axes.lines if line.get_label() == "lower")
    assert np.asarray(lower.get_ydata())[1:].tolist() == [0.8, 0.9]
    assert axes.get_ylim()[0] < 0.8
    assert axes.get_yscale() == "linear"


def test_ends_of_either_sign_over_decades_have_a_logarithm() -> None:
    curve = DrawnLimit.of("g", np.array([1.0, 2.0]), limits([-1e-3, -1e-5], [2e-3, 2e-5]))
    (axes,) = sensitivity_plot([curve], x_label="x", is_log=False).axes
    lower = next(line for line in axes.lines if line.get_label() == "−lower")
    assert lower.get_ydata() == pytest.approx([1e-3, 1e-5])
    assert axes.get_yscale() == "log"


def test_the_legend_says_where_a_band_is_that_is_not_drawn() -> None:
    """±2σ of what may have either sign has no logarithm, and was left out without a word."""
    curve = DrawnLimit.of("g", np.array([1.0, 2.0]), limits([-1e-3, -1e-5], [2e-3, 2e-5], band=1e-6))
    labels = {
        text.get_text() for text in sensitivity_plot([curve], x_label="x", is_log=False).legends[0].texts
    }
    assert "±1σ (±2σ: see the table)" in labels


def test_a_single_point_is_marked_and_has_its_band() -> None:
    """It was a line of one point, which is nothing."""
    curve = DrawnLimit.of("m", np.array([1.0]), limits([None], [1.0], band=0.1))
    drawn = sensitivity_plot([curve], x_label="x", is_log=False)
    (axes,) = drawn.axes
    assert [line.get_marker() for line in axes.lines] == ["o"]
    assert len(axes.collections) == 2
    assert {text.get_text() for text in drawn.legends[0].get_texts()} == {"m", "±1σ", "±2σ"}


def test_the_legend_has_no_band_that_is_not_drawn() -> None:
    curve = DrawnLimit.of("m", np.array([1.0, 2.0]), limits([None, None], [1.0, 0.9]))
    drawn = sensitivity_plot([curve], x_label="x", is_log=False)
    assert {text.get_text() for text in drawn.legends[0].get_texts()} == {"m"}
