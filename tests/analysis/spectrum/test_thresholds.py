"""The search for thresholds: it finds what is there and says how sure it is."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binomtest

from renp_sim.analysis.data import Exposure, Observation
from renp_sim.analysis.spectrum import thresholds, window
from renp_sim.analysis.spectrum.onset import onset_shape
from renp_sim.analysis.spectrum.thresholds import search_thresholds
from renp_sim.arrays import FloatArray
from tests.analysis.scans import asimov, drawn, scan_exposure

OMEGA = np.linspace(1.0, 1.03, 31)
SCAN = scan_exposure(OMEGA, background_hz=20.0)


def spectrum(*onsets: tuple[float, float]) -> Callable[[FloatArray], FloatArray]:
    """Return a falling level with onsets (position, size)."""

    def value(omega: FloatArray) -> FloatArray:
        level: FloatArray = 400 - 3000 * (omega - 1.0)
        return level + sum(size * np.sqrt(np.maximum(place - omega, 0)) for place, size in onsets)

    return value


def test_smooth_spectrum_has_no_onset() -> None:
    found = search_thresholds(asimov(SCAN, spectrum()))
    assert found.onsets == ()
    assert np.max(found.delta_q) < 1e-6


@pytest.mark.parametrize("places", [(1.0153,), (1.0093, 1.0213)])
def test_planted_onsets_are_found(places: tuple[float, ...]) -> None:
    found = search_thresholds(asimov(SCAN, spectrum(*((place, 4000.0) for place in places))))
    assert len(found.onsets) == len(places)
    for onset, place in zip(found.onsets, places, strict=True):
        assert onset.position_eV == pytest.approx(place, abs=3e-5)  # the positions are 1.4e-5 apart
        assert onset.size == pytest.approx(4000.0, rel=0.05)
        assert len(onset.intervals) == 1
        assert onset.intervals[0].lower < place < onset.intervals[0].upper
        assert onset.delta_q > 12
    assert np.max(found.delta_q_rest) < 1.0


def blurred_onset(size: float) -> Observation:
    """Return the expectation of an onset at 1.0153 eV under a line of three settings."""
    sigma = np.full(31, 3e-3)

    def averaged(omega: FloatArray) -> FloatArray:
        return spectrum()(omega) + size * onset_shape(1.0153 - omega, sigma)

    return asimov(scan_exposure(OMEGA, background_hz=20.0, linewidth_eV=sigma), averaged)


def test_the_line_rounds_the_onset() -> None:
    """An onset seen through a line of three steps is found with its true size only if the line is known."""
    data = blurred_onset(8000.0)
    (onset,) = search_thresholds(data, minimum_delta_q=5.0).onsets
    assert onset.position_eV == pytest.approx(1.0153, abs=2e-4)
    unaware = search_thresholds(type(data)(exposure=SCAN, counts=data.counts), minimum_delta_q=5.0)
    assert not any(abs(o.position_eV - 1.0153) < 2e-4 for o in unaware.onsets)


def test_an_interval_under_a_broad_line_has_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is four settings long; the twin looks two settings to either side, and gives that as its end."""

    def are_ends() -> bool:
        (onset,) = search_thresholds(blurred_onset(5000.0), minimum_delta_q=5.0).onsets
        return not any(part.lower_open or part.upper_open for part in onset.intervals)

    assert are_ends()
    monkeypatch.setattr(window, "REACH", 2)
    assert not are_ends()


def test_steps_and_roots_are_both_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two massless neutrinos are a step, heavy ones a root; each twin looks for one of them only."""

    def step(omega: FloatArray) -> FloatArray:
        return spectrum()(omega) + 75.0 * (omega < 1.0153)

    def n_found() -> list[int]:
        both = (step, spectrum((1.0153, 2500.0)))
        return [len(search_thresholds(asimov(SCAN, each)).onsets) for each in both]

    assert n_found() == [1, 1]
    monkeypatch.setattr(thresholds, "FEW_ROUNDINGS", (np.inf,))
    assert n_found() == [0, 1]
    monkeypatch.setattr(thresholds, "FEW_ROUNDINGS", (0.0,))
    assert n_found() == [1, 0]


def test_onset_shape_is_the_average_of_the_root() -> None:
    for z in (-6.0, -2.0, 0.0, 0.5, 5.0, 11.9, 12.1, 40.0):
        average, _ = quad(
            lambda x, z=z: np.sqrt(max(z - x, 0)) * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
            -12,
            min(z, 12),
            epsabs=1e-15,
            epsrel=1e-10,
            limit=300,
        )
        shape = onset_shape(np.array(z * 1e-6), np.array(1e-6)) / 1e-3
        assert shape == pytest.approx(average, rel=2e-6, abs=1e-15)
    np.testing.assert_allclose(onset_shape(np.array([-1.0, 0.0, 9.0]), np.zeros(3)), [0.0, 0.0, 3.0])


def exceeded(truth: Callable[[FloatArray], FloatArray], n_toys: int, seed: int) -> int:
    """Return in how many toys Δq at one fixed place exceeds 2.706."""
    rng, out = np.random.default_rng(seed), 0
    for _ in range(n_toys):
        found = search_thresholds(drawn(asimov(SCAN, truth), rng), max_onsets=0)
        out += int(found.delta_q[np.argmin(np.abs(found.omega_eV - 1.015))] > 2.706)
    return out


def test_local_p_value_is_a_bound() -> None:
    """At one place Δq > 2.706 in at most 5 % of toys. False-alarm probability 1e-3; an onset must fail."""
    assert binomtest(exceeded(spectrum(), 60, 1), 60, 0.05, alternative="greater").pvalue > 1e-3
    assert (
        binomtest(exceeded(spectrum((1.015, 6000.0)), 10, 1), 10, 0.05, alternative="greater").pvalue < 1e-3
    )


def covered(n_toys: int, seed: int, shifts: FloatArray) -> FloatArray:
    """Return in how many toys the intervals of the most significant onset hold its place, shifted."""
    rng, out = np.random.default_rng(seed), np.zeros(len(shifts), dtype=int)
    for _ in range(n_toys):
        place = 1.0153 + rng.uniform(-5e-4, 5e-4)
        search = search_thresholds(drawn(asimov(SCAN, spectrum((place, 8000.0))), rng), max_onsets=1)
        # one toy in a hundred is not described, and holds nothing
        for region in (part for onset in search.onsets for part in onset.intervals):
            out += (region.lower <= place + shifts) & (place + shifts <= region.upper)
    return out


@pytest.mark.slow
def test_intervals_cover() -> None:
    """68 % in 120 toys of a root. False-alarm probability 1e-3; places off by a third of a step must fail."""
    right, wrong = covered(120, 4, np.array([0.0, 3e-4]))
    assert binomtest(right, 120, 0.6827).pvalue > 1e-3
    assert binomtest(wrong, 120, 0.6827).pvalue < 1e-3


def test_p_value_is_one_sided() -> None:
    (onset,) = search_thresholds(asimov(SCAN, spectrum((1.0153, 8000.0)))).onsets
    assert onset.local_p_value == pytest.approx(0.5 * np.exp(-onset.delta_q / 2), rel=1)
    assert 0 < onset.local_p_value < 1e-6


def test_control_and_dark_steps_are_not_looked_at() -> None:
    data = asimov(SCAN, spectrum((1.0153, 4000.0)))
    both = scan_exposure(
        np.tile(OMEGA, 2), background_hz=20.0, coherence=np.repeat([1.0, 0.0], 31), kind=np.repeat([0, 1], 31)
    )
    with_control = asimov(both, spectrum((1.0153, 4000.0)))
    assert search_thresholds(with_control).as_dict() == search_thresholds(data).as_dict()


@pytest.mark.parametrize("n_steps", [0, 1, 7])
def test_too_few_steps_for_a_level_are_no_scan(n_steps: int) -> None:
    found = search_thresholds(asimov(scan_exposure(OMEGA[:n_steps]), np.ones_like))
    assert found.onsets == ()
    assert found.omega_eV.shape == found.delta_q.shape == (0,)


@pytest.mark.parametrize("background_hz", [0.0, 2.0])
def test_no_counts_no_onset(background_hz: float) -> None:
    exposure: Exposure = scan_exposure(OMEGA, background_hz=background_hz)
    found = search_thresholds(type(asimov(SCAN, spectrum()))(exposure=exposure, counts=np.zeros(31)))
    assert found.onsets == ()
    assert np.all(np.isfinite(found.delta_q))


def test_windows_that_cannot_hold_a_level_are_refused() -> None:
    with pytest.raises(ValueError, match="half_window = 3, degree = 2"):
        search_thresholds(asimov(SCAN, spectrum()), half_window=3)


def test_as_dict_is_json_and_does_not_overclaim() -> None:
    found = search_thresholds(asimov(SCAN, spectrum((1.0153, 4000.0))))
    (onset,) = json.loads(json.dumps(found.as_dict()))["onsets"]
    assert "local_asymptotic_p_value" in onset
    assert not any(key.startswith(("significance", "global")) for key in onset)
