"""Memory does not grow with the file: the same bound that benchmarks/bench_large.py shows for 5 GB."""

import importlib.util
import sys
from pathlib import Path

import pytest

MOST_GROWTH = 1.2
MOST_MB = 250.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def bench() -> "object":
    path = Path(__file__).parents[1] / "benchmarks" / "bench_large.py"
    spec = importlib.util.spec_from_file_location("bench_large", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("stage", ["generate", "inspect"])
def test_ten_times_the_events_take_no_more_memory(stage: str, tmp_path: Path) -> None:
    """2e6 events against 2e5: within 20 % and below 250 MB; the whole file would need 300 MB more."""
    module = bench()
    peaks = []
    for events in (2e5, 2e6):
        file = tmp_path / f"{events:.0f}.root"
        volume_cm3 = events / module.EVENTS_PER_CM3  # type: ignore[attr-defined]
        peak = {"generate": module.measured("generate", file, volume_cm3)[1]}  # type: ignore[attr-defined]
        if stage == "inspect":
            peak["inspect"] = module.measured("inspect", file, volume_cm3)[1]  # type: ignore[attr-defined]
        peaks.append(peak[stage])
    assert peaks[1] < MOST_GROWTH * peaks[0]
    assert peaks[1] < MOST_MB
