"""Axes of frequency: labels keep apart, ticks are full numbers, a dense group has a panel."""

from itertools import pairwise

import numpy as np
import pytest

from renp_sim.plots import frequency_axis
from renp_sim.plots.figure import figure
from renp_sim.plots.frequency_axis import dense_window, label_thresholds, spread, tame_ticks
from tests.plots.examples import SCAN_EV, THRESHOLDS_EV


def overlaps() -> int:
    """Return how many neighbouring threshold labels overlap in a panel of the whole scan."""
    with figure(6.0, 4.0) as canvas:
        axes = canvas.subplots()
        axes.set_xlim(1.068, 1.0718)
        label_thresholds(axes, THRESHOLDS_EV)
        canvas.draw_without_rendering()
        boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.x0)
    assert len(boxes) == 6
    return sum(left.x1 > right.x0 for left, right in pairwise(boxes))


def test_threshold_labels_keep_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    assert overlaps() == 0
    monkeypatch.setattr(frequency_axis, "LABEL_WIDTH", 0.0)
    assert overlaps() > 0


def test_spread_keeps_order_room_and_range() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        wanted = np.sort(rng.random(rng.integers(1, 9)))
        places = spread(wanted.tolist(), 0.1, 0.0, 1.0)
        assert np.all(np.diff(places) > 0.1 - 1e-9)
        assert places[0] > -1e-9
        assert places[-1] < 1 + 1e-9
    assert spread([0.2, 0.5], 0.1, 0.0, 1.0) == [0.2, 0.5]
    assert spread([], 0.1, 0.0, 1.0) == []


def test_a_zoom_is_for_a_dense_group() -> None:
    window = dense_window(SCAN_EV)
    assert window is not None
    assert 1.0714 < window[0] < 1.071505
    assert 1.0717 < window[1] < 1.0718
    assert dense_window(np.tile(SCAN_EV, 3)) == window
    assert dense_window(np.linspace(1.0, 1.1, 50)) is None
    assert dense_window(SCAN_EV[:3]) is None


@pytest.mark.parametrize(
    ("low", "high"), [(1.068, 1.0718), (1.07149, 1.07171), (1.0716, 1.0716004), (0.2, 1.07), (8.8, 10.6)]
)
def test_ticks_are_full_and_distinct_numbers_that_do_not_overlap(low: float, high: float) -> None:
    with figure(6.0, 4.0) as canvas:
        axes = canvas.subplots()
        axes.set_xlim(low, high)
        tame_ticks(axes, 5)
        canvas.draw_without_rendering()
        labels = axes.get_xticklabels()
        ticks = axes.get_xticks()
    texts = [label.get_text() for label in labels]
    assert len(set(texts)) == len(texts) >= 3
    np.testing.assert_allclose([float(text) for text in texts], ticks, rtol=1e-12)
    boxes = [label.get_window_extent() for label in labels]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
