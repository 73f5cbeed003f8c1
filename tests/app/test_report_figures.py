"""What a report draws: curves that are the fit, profiles that gave the intervals, bins that are round."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.app.data import read_data
from renp_sim.app.report_figures import MOST_ENERGY_BINS, energy_bins, fit_curves, mass_profiles
from renp_sim.app.thresholds import fit_report
from renp_sim.cli.fit_options import question_of
from renp_sim.cli.program import run_program
from renp_sim.production.generate import generate
from renp_sim.runfile.run import run_from_table


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


SCAN = {"start_eV": 1.0685, "stop_eV": 1.07163, "points": 12, "total_duration_s": 23846400.0}
VECTOR = {"model": "vector_mediator", "mass_eV": 1e-3, "g_electron": 1.0}
DARK = {"name": "dark", "kind": "dark_counts", "rate_hz": 1e-5, "error_rel": 0.5}
MOVED: dict[str, tuple[dict[str, Any], dict[str, list[str]]]] = {
    "coupling": (
        {"interaction": VECTOR | {"g_left": {"11": 1e-26}}},
        {"free": ["interaction.g_left.22"], "fix": ["interaction.g_left.11=0"]},
    ),
    "offset": ({"calibration": {"common_offset_eV": 3e-5, "common_error_eV": 3e-5}}, {}),
    "efficiency": (
        {"detector": {"efficiency": {"kind": "constant", "value": 0.2, "common_error_rel": 0.5}}},
        {"constrain": ["efficiency=0.5:10%"]},
    ),
    "mixing": ({"neutrino": {"sin2_theta12": 0.45}}, {"fix": ["sin2_theta12=0.35"]}),
    "splitting": ({"neutrino": {"dm2_3l_eV2": 0.00265}}, {"free": ["dm2_3l_eV2"]}),
    "background": ({"background": [DARK]}, {"fix": ["background.dark=1.7"]}),
}


@pytest.mark.parametrize("what", MOVED)
def test_the_curve_is_the_fit(what: str, tmp_path: Path) -> None:
    """Curve × counts per unit + background = expected counts at every step: it was 0.0019 for 0.1155."""
    table, asked = MOVED[what]
    laser = {"linewidth_eV": 1e-6, "scan": [SCAN], "calibration": table.get("calibration", {})}
    run = {"run": {"seed": 11}, "laser": laser} | {k: v for k, v in table.items() if k != "calibration"}
    made = generate(run_from_table(run), tmp_path / "run.root")
    fix = ["lightest_mass_eV=0.01", *asked.get("fix", [])]
    report = fit_report(read_data(made.path), question_of(ordering="normal", **(asked | {"fix": fix})))
    (curve,) = fit_curves(report)
    exposure = report.data.observation.exposure
    drawn = np.interp(exposure.omega_eV, curve.omega_eV, curve.value)
    counts = drawn * exposure.counts_per_unit + exposure.background_counts
    np.testing.assert_allclose(counts, report.result.best.expected, rtol=1e-9)


def test_the_drawn_profile_is_that_of_the_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No second search draws it, it goes through the ends of the interval, and it has points all over."""
    made = generate(run_from_table({"run": {"seed": 11}, "laser": {"scan": [SCAN]}}), tmp_path / "run.root")
    report = fit_report(read_data(made.path), question_of(ordering="normal", normalisation="free"))
    monkeypatch.setattr(ProfileCurve, "of", lambda *_: pytest.fail("searched again"))
    (drawn,) = mass_profiles(report)
    intervals = report.result.best.parameter("lightest_mass_eV").intervals
    assert intervals is not None
    known = np.isin(drawn.values, intervals.values)
    np.testing.assert_array_equal(
        drawn.delta_q[known], intervals.profile[np.isin(intervals.values, drawn.values)]
    )
    ends = [end for region in intervals.regions for end in (region.lower, region.upper)]
    np.testing.assert_allclose(np.interp(ends, drawn.values, drawn.delta_q), intervals.delta_q, rtol=1e-4)
    assert np.max(np.diff(drawn.values)) < 0.02 * np.ptp(drawn.values)
    assert drawn.delta_q.min() == pytest.approx(0, abs=1e-9)


def test_what_was_not_searched_is_not_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three frequencies had an empty plot of onsets; one of other data is taken away."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "thresholds.png").write_bytes(b"of other data")
    assert run_program(["run", "gp23_three_frequencies", "--output", str(folder), "--force"]) == 0
    assert not list(folder.glob("thresholds.*"))
    assert (folder / "spectrum.png").exists()
    assert "not searched or drawn with so few frequencies" in capsys.readouterr().out
