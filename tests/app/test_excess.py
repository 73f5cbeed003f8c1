"""Extra thresholds and resonances that are put in are found, where they are."""

from pathlib import Path

import numpy as np
import pytest

from renp_sim.app.excess import find_excess, write_excess
from renp_sim.app.excess_places import MOST_PLACES, ExcessKind, Places
from renp_sim.app.experiment import Experiment
from renp_sim.app.question import Normalisation, Question
from renp_sim.app.subject import Subject
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.runfile.run import load

OMEGAS = np.linspace(1.0688, 1.0715, 28)
SCAN = f"laser.scan=[{{omegas_eV={OMEGAS.round(7).tolist()}, total_duration_s=1e8}}]"


def subject_with(extra: FloatArray | float = 0.0, *settings: str) -> Subject:
    """Return an experiment that counted what is expected, and something else."""
    subject = Subject.of(load("gp23_three_frequencies", (SCAN, *settings)))
    counts = subject.experiment.exposure.counts_per_unit
    model = ExpectedCounts(
        exposure=subject.experiment.exposure,
        target=next(iter(subject.experiment.targets.values())),
        oscillation=subject.experiment.assumptions.oscillation,
        offered=(),
    )
    mu = model.expected(np.empty(0)) + extra * counts
    return Subject(experiment=subject.experiment, counts=np.round(mu), seed=1)


def test_extra_pair_is_found_at_its_threshold() -> None:
    """A pair of 2 × 30 meV opens between two steps; its place is known to their distance."""
    experiment = subject_with().experiment
    places = Places.of(experiment, ExcessKind.THRESHOLD)
    true = int(np.argmin(np.abs(places.mass_eV - 0.030)))
    strength = 0.5
    extra = strength * places.templates[true] / experiment.exposure.counts_per_unit
    report = find_excess(
        subject_with(extra), Question(normalisation=Normalisation.FREE), ExcessKind.THRESHOLD, n_toys=300
    )
    assert report.found is not None
    found = report.as_dict()
    assert found["omega_eV"] == pytest.approx(places.omega_eV[true], abs=2e-4)
    assert found["strength"] == pytest.approx(strength, rel=0.2)
    assert found["p_value"] == 1 / 301
    assert found["is_bound"]
    assert found["p_value_bound"] < 1e-6
    assert found["trial_factor"] > 1


def test_pair_of_equal_masses_opens_the_steps_below_its_threshold() -> None:
    experiment = subject_with().experiment
    places = Places.of(experiment, ExcessKind.THRESHOLD)
    atom = next(iter(experiment.targets.values())).atom
    open_steps = places.omega_eV[:, None] > OMEGAS
    assert np.array_equal(places.templates > 0, open_steps)
    thresholds_eV = atom.e_eg_eV / 2 - (2 * places.mass_eV) ** 2 / (2 * atom.e_eg_eV)
    assert places.omega_eV == pytest.approx(thresholds_eV, rel=1e-14)


def test_resonance_is_found_in_its_step() -> None:
    extra = np.zeros(28)
    extra[17] = 0.02
    report = find_excess(subject_with(extra), Question(), ExcessKind.RESONANCE, n_toys=300)
    found = report.as_dict()
    assert found["omega_eV"] == pytest.approx(OMEGAS[17], abs=1e-7)
    assert found["strength"] == pytest.approx(0.02, rel=0.05)
    assert found["places"] == 28


def test_line_that_covers_two_steps_has_places_between_them() -> None:
    subject = subject_with(0.0, "laser.linewidth_eV=5e-5")
    places = Places.of(subject.experiment, ExcessKind.RESONANCE)
    assert len(places.mass_eV) > 28
    assert np.all(np.diff(places.omega_eV) < 0)
    assert np.max(places.templates / subject.experiment.exposure.counts_per_unit) == pytest.approx(1.0)


def test_number_of_places_is_bounded() -> None:
    scan = f"laser.scan=[{{omegas_eV={np.linspace(1.06, 1.0715, 1500).tolist()}, total_duration_s=1e8}}]"
    experiment = Experiment.of(load("gp23_three_frequencies", (scan,)))
    for kind in ExcessKind:
        assert len(Places.of(experiment, kind).mass_eV) <= MOST_PLACES


def test_plan_says_what_is_needed_and_has_no_scan(tmp_path: Path) -> None:
    subject = Subject.of(load("gp23_six_frequencies"))
    report = find_excess(subject, Question(), ExcessKind.THRESHOLD, n_toys=500)
    table = report.as_dict()
    needed = list(table["delta_q_needed"].values())
    assert table["delta_q"] is None
    # more than at one place, where it would be z²
    assert np.all(np.array(needed) > np.array([2, 3, 5]) ** 2)
    with pytest.raises(ConfigError, match="give ROOT files"):
        write_excess(report, tmp_path)


def test_nothing_can_be_seen_above_all_thresholds() -> None:
    above = "laser.scan=[{omegas_eV=[1.0719], total_duration_s=1e5}]"
    subject = Subject.of(load("gp23_three_frequencies", (above,)))
    with pytest.raises(ConfigError, match="no step"):
        find_excess(subject, Question(), ExcessKind.THRESHOLD, n_toys=10)


def test_scan_is_written(tmp_path: Path) -> None:
    report = find_excess(subject_with(), Question(), ExcessKind.RESONANCE, n_toys=50)
    files = write_excess(report, tmp_path)
    assert [f.name for f in files] == [f"excess_resonance.{k}" for k in ("csv", "png", "pdf")]
    lines = files[0].read_text().splitlines()
    assert lines[1] == "omega_eV,mass_eV,delta_q,strength"
    assert len(lines) == 2 + 28
