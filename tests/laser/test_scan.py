from dataclasses import fields

import numpy as np
import pytest

from renp_sim.errors import ConfigError
from renp_sim.laser.calibration import Calibration
from renp_sim.laser.scan import Allocation, Scan, Step, build_schedule
from renp_sim.laser.schedule import Schedule, StepKind

OMEGAS = (1.0688, 1.0699, 1.0711)


def rate(omega_eV: np.ndarray) -> np.ndarray:
    return np.maximum(1.0715 - omega_eV, 0.0)


def build(*scans: Scan, steps: tuple[Step, ...] = (), **options: object) -> Schedule:
    return build_schedule(steps, scans, signal_rate=rate, **options)  # type: ignore[arg-type]


def test_wall_time_is_what_was_asked_for() -> None:
    s = build(Scan(omegas_eV=OMEGAS, total_duration_s=3600.0, passes=4), settling_s=60.0)
    assert s.n_steps == 12
    assert s.start_s[-1] + s.duration_s[-1] == pytest.approx(3600.0, rel=1e-14)
    assert np.allclose(s.start_s[1:] - (s.start_s + s.duration_s)[:-1], 60.0, rtol=0, atol=1e-9)


def test_passes_are_interleaved() -> None:
    s = build(Scan(omegas_eV=OMEGAS, total_duration_s=60.0, passes=2))
    assert s.omega_eV.tolist() == [*OMEGAS, *OMEGAS]
    assert s.scan_pass.tolist() == [0, 0, 0, 1, 1, 1]


def test_equal_counts() -> None:
    s = build(Scan(omegas_eV=OMEGAS, total_duration_s=60.0, allocation=Allocation.EQUAL_COUNTS))
    counts = s.duration_s * rate(s.omega_eV)
    assert np.allclose(counts, counts[0], rtol=1e-12)
    assert s.duration_s.sum() == pytest.approx(60.0)


def test_equal_counts_where_there_is_none() -> None:
    with pytest.raises(ConfigError, match=r"laser\.scan\[0\].*1\.072"):
        build(Scan(omegas_eV=(1.07, 1.072), total_duration_s=60.0, allocation=Allocation.EQUAL_COUNTS))


def test_control_and_dark_steps_take_their_share() -> None:
    scan = Scan(omegas_eV=OMEGAS, total_duration_s=1000.0, passes=2, control_fraction=0.1, dark_fraction=0.05)
    s = build(scan)
    shares = [float(s.duration_s[s.kind == kind].sum()) for kind in StepKind]
    assert shares == pytest.approx([850.0, 100.0, 50.0])
    assert np.all(s.coherence[s.kind != StepKind.SIGNAL] == 0)
    assert np.all(s.coherence[s.kind == StepKind.SIGNAL] == 1)


def test_single_steps_come_first_with_their_own_settings() -> None:
    step = Step(omega_eV=1.072, duration_s=5.0, linewidth_eV=2e-6, coherence=0.5)
    s = build(Scan(omegas_eV=OMEGAS, total_duration_s=60.0), steps=(step,), linewidth_eV=1e-6, settling_s=1.0)
    assert s.omega_eV[0] == 1.072
    assert s.linewidth_eV.tolist() == [2e-6, 1e-6, 1e-6, 1e-6]
    assert s.coherence.tolist() == [0.5, 1, 1, 1]
    assert s.start_s[-1] + s.duration_s[-1] == pytest.approx(65.0)


def test_settling_must_leave_time() -> None:
    with pytest.raises(ConfigError, match="settle"):
        build(Scan(omegas_eV=OMEGAS, total_duration_s=100.0), settling_s=50.0)


def test_nothing_to_do_is_an_error() -> None:
    with pytest.raises(ConfigError, match="laser"):
        build()


def test_stated_errors_are_of_every_step_and_offsets_of_none() -> None:
    known = Calibration(common_offset_eV=1e-5, common_error_eV=5e-6, step_error_eV=1e-6)
    s = build(Scan(omegas_eV=OMEGAS, total_duration_s=60.0), calibration=known)
    assert s.omega_eV.tolist() == list(OMEGAS)
    assert s.omega_common_error_eV.tolist() == [5e-6] * 3
    assert s.omega_step_error_eV.tolist() == [1e-6] * 3


def test_the_schedule_as_it_was_differs_in_its_frequencies_alone() -> None:
    s = build(Scan(omegas_eV=OMEGAS, total_duration_s=60.0))
    truth = s.as_it_was(Calibration(common_offset_eV=1e-5).offsets_eV(s.n_steps, seed=1))
    assert np.allclose(truth.omega_eV - s.omega_eV, 1e-5, rtol=1e-9)
    names = {field.name for field in fields(s)} - {"omega_eV"}
    assert all(getattr(truth, name) is getattr(s, name) for name in names)
