"""Bad values are refused with the field first; values on the edge pass."""

from math import inf, nan

import pytest

from detector.background import Continuum, DarkCounts, DensityPowers, LaserLeakage, Qed, ReferenceDensity
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
    (Constant, {"value": 1.1}, "value = 1.1: must lie in [0, 1]"),
    (Constant, {"value": nan}, "value = nan"),
    (Constant, {"value": 1.0, "step_error_rel": -0.1}, "step_error_rel = -0.1"),
    (TurnOn, TURN_ON | {"plateau": 1.3}, "plateau = 1.3: must lie in [0, 1]"),
    (TurnOn, TURN_ON | {"width_eV": 0.0}, "width_eV = 0.0: must be finite and positive"),
    (TurnOn, TURN_ON | {"energy_eV": -1.0}, "energy_eV = -1.0"),
    (TurnOn, TURN_ON | {"common_error_rel": inf}, "common_error_rel = inf"),
    (Tabulated, TABLE | {"values": (0.0, 1.2)}, "values[1] = 1.2"),
    (Tabulated, TABLE | {"values": (0.0,)}, "values = (0.0,): needs 2 values"),
    (Tabulated, TABLE | {"energies_eV": (2.0, 1.0)}, "energies_eV = (2.0, 1.0)"),
    (Tabulated, {"energies_eV": (1.0,), "values": (1.0,)}, "energies_eV = (1.0,)"),
    (Gaussian, {"sigma_eV": -0.1}, "sigma_eV = -0.1"),
    (NonParalysable, {"tau_s": -1e-9}, "tau_s = -1e-09"),
    (NonParalysable, {"tau_s": inf}, "tau_s = inf"),
    (
        DarkCounts,
        {"name": "dark", "rate_hz": -1},
        "rate_hz = -1: must be finite and at least",
    ),
    (DarkCounts, {"name": "", "rate_hz": 1}, "name = ''"),
    (DarkCounts, {"name": "dark", "rate_hz": 1, "error_rel": nan}, "error_rel = nan"),
    (Continuum, {"name": "c", "rate_hz": inf, "spectrum": FLAT}, "rate_hz = inf"),
    (Flat, {"low_eV": 1.0, "high_eV": 1.0}, "high_eV = 1.0"),
    (Flat, {"low_eV": -1.0, "high_eV": 1.0}, "low_eV = -1.0"),
    (Exponential, {"low_eV": 0, "high_eV": 1, "scale_eV": 0}, "scale_eV = 0"),
    (TabulatedSpectrum, TABLE | {"values": (0.0, 0.0)}, "values = (0.0, 0.0)"),
    (TabulatedSpectrum, TABLE | {"values": (-1.0, 1.0)}, "values[0] = -1.0"),
    (Qed, {"name": "q", "rate_hz": 1, "suppression": 2}, "suppression = 2"),
    (Qed, {"name": "q", "rate_hz": 1, "omega_slope_per_eV": inf}, "omega_slope_per_eV = inf: must lie in"),
    (Qed, {"name": "q", "rate_hz": 1, "reference_omega_eV": 0}, "reference_omega_eV = 0"),
    (DensityPowers, {"n_a": nan}, "n_a = nan"),
    (ReferenceDensity, {"n_gamma": 0}, "n_gamma = 0"),
    (LaserLeakage, {"name": "a\nb", "rate_hz": 1}, "name = 'a\\nb': must have 1 to 100 printable"),
    (Detector, {"energy_window_eV": (1.2, 0.9)}, "energy_window_eV = [1.2, 0.9]"),
    (Detector, {"energy_window_eV": (0.0, inf)}, "energy_window_eV = [0.0, inf]"),
    (
        Detector,
        {"backgrounds": (DarkCounts(name="d", rate_hz=1),) * 2},
        "backgrounds: 2 components are",
    ),
    (StepConditions, STEP | {"coherence": 1.5}, "coherence = 1.5"),
    (StepConditions, STEP | {"live_fraction": 0.0}, "live_fraction = 0.0"),
    (StepConditions, STEP | {"duration_s": -1.0}, "duration_s = -1.0"),
]


@pytest.mark.parametrize(("kind", "values", "message"), REFUSED)
def test_a_bad_value_is_refused_with_its_key_first(kind, values, message):
    with pytest.raises(ValueError, match=r"must|needs|rename") as error:
        kind(**values)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_every_number_out_of_range_has_a_line():
    with pytest.raises(ValueError, match="must") as error:
        TurnOn(plateau=2.0, energy_eV=nan, width_eV=0.1, step_error_rel=-1.0)
    assert [line.split(" = ")[0] for line in str(error.value).splitlines()] == [
        "plateau",
        "energy_eV",
        "step_error_rel",
    ]


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
