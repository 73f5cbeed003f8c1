"""Bins of the energy plot: round, few, and none too few for what was recorded."""

import numpy as np
import pytest

from renp_sim.app.report_figures import MOST_ENERGY_BINS, energy_bins


@pytest.mark.parametrize(
    ("low_eV", "high_eV"),
    [(0.9, 1.2), (1.0688, 1.0711), (1.07, 1.0700001), (1.0688, 1.0688), (0.0, 10.0), (np.inf, -np.inf)],
)
def test_energy_bins_are_round_and_hold_everything(low_eV: float, high_eV: float) -> None:
    edges = energy_bins(low_eV, high_eV)
    width = edges[1] - edges[0]
    assert 1 <= len(edges) - 1 <= MOST_ENERGY_BINS
    assert len(edges) > MOST_ENERGY_BINS / 3
    assert np.isclose(width / 10 ** np.floor(np.log10(width * 1.0001)), [1, 2, 5]).any()
    np.testing.assert_allclose(edges / width, np.round(edges / width), rtol=1e-9)
    if np.isfinite(low_eV):
        assert np.histogram([low_eV, high_eV], edges)[0].sum() == 2
