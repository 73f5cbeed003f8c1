"""Quantiles of outcomes against those of toys."""

import numpy as np
import pytest

from renp_sim.analysis.infer import band
from renp_sim.analysis.infer.band import band_of


def test_even_probabilities_are_toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """However they sum up; the twins leave no room for rounding, and too much of it."""

    def are_the_same() -> bool:
        each = [np.arange(float(n)) for n in range(2, 300)]
        return all(
            band_of(values) == band_of(values, np.full(len(values), 1 / len(values))) for values in each
        )

    assert are_the_same()
    for rounding in (0.0, 1e-2):
        monkeypatch.setattr(band, "ROUNDING", rounding)
        assert not are_the_same()
