"""The table of how cost grows: exponents, and what is said of a case that does not finish."""

from pathlib import Path

import pytest

from benchmarks.bench_scaling import Axis, Cost, exponents, measured, tell
from benchmarks.report import Report


def test_exponents_are_of_the_two_largest_sizes() -> None:
    costs = {size: Cost(0.5 + 1e-3 * size**2, 100.0 + size) for size in (10, 1000, 10_000)}
    slopes = exponents(costs)
    assert slopes is not None
    assert slopes[0] == pytest.approx(2.0, abs=1e-3)
    assert slopes[1] == pytest.approx(0.9633, abs=1e-3)
    assert exponents({10: Cost(1.0, 1.0)}) is None


def test_a_case_is_a_cost_or_why_there_is_none(tmp_path: Path) -> None:
    cost = measured(["--version"], tmp_path, 60)
    assert isinstance(cost, Cost)
    assert 0 < cost.user_s < 10
    assert 5 < cost.peak_MB < 500
    assert "no such run file" in str(measured(["check", "missing.toml"], tmp_path, 60))


def test_sizes_beyond_one_that_did_not_finish_are_not_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report()
    tell(report, Axis("generate", "events", (10_000_000, 100_000_000)), tmp_path, 1, 0.0)
    assert capsys.readouterr().out == ("generate, events: nothing finished; 1e+07: not within 1 s of CPU\n")
    assert report.rows["generate, events"].repeats == []
