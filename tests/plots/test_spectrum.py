"""The plot of a measured spectrum: what stands in it, and hardly any data."""

import numpy as np
import pytest

from renp_sim.analysis.likelihood.poisson import poisson_pull
from renp_sim.analysis.spectrum.measured import measured_spectrum
from renp_sim.plots.curves import Curve
from renp_sim.plots.spectrum import spectrum_plot
from tests.analysis.scans import asimov, scan_exposure
from tests.plots.examples import SCAN_EV, falling, measured


def test_a_dense_group_has_its_column_and_the_legend_begins_with_the_data() -> None:
    upper, zoomed, *_ = measured().axes
    drawn = upper.get_figure()
    assert drawn is not None
    (legend,) = drawn.legends
    assert [text.get_text() for text in legend.get_texts()] == ["data", "normal/dirac", "background"]
    assert np.ptp(zoomed.get_xlim()) < 0.1 * np.ptp(upper.get_xlim())


@pytest.mark.parametrize("n_steps", [0, 1, 2])
def test_hardly_any_data_is_still_a_plot(n_steps: int) -> None:
    drawn = spectrum_plot(measured_spectrum(asimov(scan_exposure(SCAN_EV[:n_steps]), np.zeros_like)))
    drawn.draw_without_rendering()
    assert len(drawn.axes) == 2


def test_pulls_are_those_of_the_counts_from_each_fit() -> None:
    """A fit that misses one step of a few; what a fit of another target does not know has none."""
    data = asimov(scan_exposure(SCAN_EV[:4], background_hz=5.0), falling)
    spectrum = measured_spectrum(data)
    value = spectrum.value.copy()
    value[2] *= 0.5
    curves = [Curve(label="a", omega_eV=SCAN_EV[:4], value=value)]
    curves += [Curve(label="b", omega_eV=SCAN_EV[:3], value=spectrum.value[:3])]
    lowest = spectrum_plot(spectrum, curves=curves).axes[-1]
    first, second = (line.get_ydata() for line in lowest.lines if len(np.asarray(line.get_ydata())) > 2)
    n, low = spectrum.counts[2], value[2] * spectrum.counts_per_unit[2] + spectrum.background[2]
    assert np.asarray(first) == pytest.approx([0, 0, float(poisson_pull(n, low)), 0], abs=1e-6)
    assert np.asarray(second) == pytest.approx([0, 0, 0], abs=1e-6)


def test_no_line_is_drawn_through_backgrounds() -> None:
    counted = measured().axes[2]
    (background,) = [line for line in counted.lines if line.get_label() == "background"]
    assert background.get_linestyle() == "None"
