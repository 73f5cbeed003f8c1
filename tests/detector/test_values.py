"""Bad values are refused with the key path first; values on the edge pass."""

from math import inf, nan

import pytest

from detector.background import Continuum, DarkCounts, LaserLeakage, Qed
from detector.dead_time import NonParalysable
from detector.efficiency import Constant, Tabulated, TurnOn
from detector.resolution import Gaussian
from detector.response import Detector, StepConditions
from detector.spectrum import Exponential, Flat
from detector.spectrum import Tabulated as TabulatedSpectrum

FLAT = Flat(low_eV=0.0, high_eV=1.0)
TURN_ON = {"plateau": 0.5, "energy_eV": 1.0, "width_eV": 0.1}
TABLE = {"energies_eV": (1.0, 2.0), "values": (0.0, 1.0)}
STEP = {"omega_eV": 1.0, "duration_s": 1.0}

REFUSED = [
    (Constant, {"value": 1.1}, "detector.efficiency.value = 1.1: must lie in [0, 1]"),
    (Constant, {"value": nan}, "detector.efficiency.value = nan"),
    (Constant, {"value": 1.0, "step_error_rel": -0.1}, "detector.efficiency.step_error_rel = -0.1"),
    (TurnOn, TURN_ON | {"plateau": 1.3}, "detector.efficiency.plateau = 1.3: must lie in [0, 1]"),
    (TurnOn, TURN_ON | {"width_eV": 0.0}, "detector.efficiency.width_eV = 0.0: must be finite and positive"),
    (TurnOn, TURN_ON | {"energy_eV": -1.0}, "detector.efficiency.energy_eV = -1.0"),
    (TurnOn, TURN_ON | {"common_error_rel": inf}, "detector.efficiency.common_error_rel = inf"),
    (Tabulated, TABLE | {"values": (0.0, 1.2)}, "detector.efficiency.values[1] = 1.2"),
    (Tabulated, TABLE | {"values": (0.0,)}, "detector.efficiency.values = (0.0,): needs 2 values"),
    (Tabulated, TABLE | {"energies_eV": (2.0, 1.0)}, "detector.efficiency.energies_eV = (2.0, 1.0)"),
    (Tabulated, {"energies_eV": (1.0,), "values": (1.0,)}, "detector.efficiency.energies_eV = (1.0,)"),
    (Gaussian, {"sigma_eV": -0.1}, "detector.resolution.sigma_eV = -0.1"),
    (NonParalysable, {"tau_s": -1e-9}, "detector.dead_time.tau_s = -1e-09"),
    (NonParalysable, {"tau_s": inf}, "detector.dead_time.tau_s = inf"),
    (
        DarkCounts,
        {"name": "dark", "rate_hz": -1},
        "background.dark.rate_hz = -1: must be finite and at least",
    ),
    (DarkCounts, {"name": "", "rate_hz": 1}, "background.name = ''"),
    (DarkCounts, {"name": "dark", "rate_hz": 1, "error_rel": nan}, "background.dark.error_rel = nan"),
    (Continuum, {"name": "c", "rate_hz": inf, "spectrum": FLAT}, "background.c.rate_hz = inf"),
    (Flat, {"low_eV": 1.0, "high_eV": 1.0}, "background.spectrum.high_eV = 1.0"),
    (Flat, {"low_eV": -1.0, "high_eV": 1.0}, "background.spectrum.low_eV = -1.0"),
    (Exponential, {"low_eV": 0, "high_eV": 1, "scale_eV": 0}, "background.spectrum.scale_eV = 0"),
    (TabulatedSpectrum, TABLE | {"values": (0.0, 0.0)}, "background.spectrum.values = (0.0, 0.0)"),
    (TabulatedSpectrum, TABLE | {"values": (-1.0, 1.0)}, "background.spectrum.values = (-1.0, 1.0)"),
    (Qed, {"name": "q", "rate_hz": 1, "suppression": 2}, "background.q.suppression = 2"),
    (Qed, {"name": "q", "rate_hz": 1, "density_power": nan}, "background.q.powers.n_a = nan"),
    (
        Qed,
        {"name": "q", "rate_hz": 1, "reference_density_cm3": 0},
        "background.q.reference_density_cm3.n_a = 0",
    ),
    (
        Qed,
        {"name": "q", "rate_hz": 1, "omega_slope_per_eV": 0.5},
        "background.q.reference_omega_eV is not given",
    ),
    (
        LaserLeakage,
        {"name": "l", "rate_hz": 1, "reference_photon_density_cm3": -1},
        "background.l.reference_density_cm3.n_gamma = -1",
    ),
    (Detector, {"energy_window_eV": (1.2, 0.9)}, "detector.energy_window_eV = [1.2, 0.9]"),
    (Detector, {"energy_window_eV": (0.0, inf)}, "detector.energy_window_eV = [0.0, inf]"),
    (Detector, {"backgrounds": (DarkCounts(name="d", rate_hz=1),) * 2}, "background.d: 2 components"),
    (StepConditions, STEP | {"coherence": 1.5}, "conditions.coherence = 1.5"),
    (StepConditions, STEP | {"live_fraction": 0.0}, "conditions.live_fraction = 0.0"),
    (StepConditions, STEP | {"duration_s": -1.0}, "conditions.duration_s = -1.0"),
]


@pytest.mark.parametrize(("kind", "values", "message"), REFUSED)
def test_a_bad_value_is_refused_with_its_key_first(kind, values, message):
    with pytest.raises(ValueError, match=r"must|needs|rename") as error:
        kind(**values)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


ON_THE_EDGE = [
    (Constant, {"value": 0.0}),
    (Constant, {"value": 1}),
    (TurnOn, TURN_ON | {"plateau": 1.0}),
    (Gaussian, {"sigma_eV": 0.0}),
    (NonParalysable, {"tau_s": 0.0}),
    (DarkCounts, {"name": "dark", "rate_hz": 0.0}),
    (Qed, {"name": "q", "rate_hz": 1.0, "suppression": 0.0}),
    (Detector, {"energy_window_eV": (0.0, 1e-3)}),
    (StepConditions, STEP | {"duration_s": 0.0, "coherence": 1.0, "live_fraction": 1.0}),
]


@pytest.mark.parametrize(("kind", "values"), ON_THE_EDGE)
def test_a_value_on_the_edge_passes(kind, values):
    built = kind(**values)
    assert all(getattr(built, key) == value for key, value in values.items())
