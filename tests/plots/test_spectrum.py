"""The plot of a measured spectrum: what stands in it, and hardly any data."""

import numpy as np
import pytest

from renp_sim.analysis.spectrum.measured import measured_spectrum
from renp_sim.plots.spectrum import spectrum_plot
from tests.analysis.scans import asimov, scan_exposure
from tests.plots.examples import SCAN_EV, measured


def test_a_dense_group_has_its_column_and_the_legend_begins_with_the_data() -> None:
    upper, zoomed, _, _ = measured().axes
    legend = upper.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["data", "normal/dirac"]
    assert np.ptp(zoomed.get_xlim()) < 0.1 * np.ptp(upper.get_xlim())


@pytest.mark.parametrize("n_steps", [0, 1, 2])
def test_hardly_any_data_is_still_a_plot(n_steps: int) -> None:
    drawn = spectrum_plot(measured_spectrum(asimov(scan_exposure(SCAN_EV[:n_steps]), np.zeros_like)))
    drawn.draw_without_rendering()
    assert len(drawn.axes) == 2
