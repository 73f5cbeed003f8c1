"""Memory does not grow with the file: the same bound that benchmarks.bench_large shows for 5 GB."""

import sys
from pathlib import Path

import pytest

from benchmarks.bench_large import EVENTS_PER_CM3, measured

MOST_GROWTH = 1.2
MOST_MB = 250.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.parametrize("stage", ["generate", "inspect"])
def test_ten_times_the_events_take_no_more_memory(stage: str, tmp_path: Path) -> None:
    """2e6 events against 2e5: within 20 % and below 250 MB; the whole file would need 300 MB more."""
    peaks = []
    for events in (2e5, 2e6):
        file = tmp_path / f"{events:.0f}.root"
        volume_cm3 = events / EVENTS_PER_CM3
        peak = {"generate": measured("generate", file, volume_cm3)[1]}
        if stage == "inspect":
            peak["inspect"] = measured("inspect", file, volume_cm3)[1]
        peaks.append(peak[stage])
    assert peaks[1] < MOST_GROWTH * peaks[0]
    assert peaks[1] < MOST_MB
