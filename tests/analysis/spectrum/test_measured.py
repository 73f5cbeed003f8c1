"""The measured spectrum: what comes out is what went in."""

import json

import numpy as np
import pytest
from scipy.stats import poisson

from renp_sim.analysis.data import Observation
from renp_sim.analysis.spectrum.measured import garwood_interval, measured_spectrum
from renp_sim.constants import ONE_SIGMA
from tests.analysis.scans import asimov, scan_exposure

OMEGA = np.array([1.07, 1.071, 1.072])


def test_garwood_ends_have_the_tails_they_name() -> None:
    n = np.array([0, 1, 3, 20, 1000])
    lower, upper = garwood_interval(n)
    tail = (1 - ONE_SIGMA) / 2
    np.testing.assert_allclose(poisson.cdf(n, upper), tail, rtol=1e-9)
    np.testing.assert_allclose(poisson.sf(n[1:] - 1, lower[1:]), tail, rtol=1e-9)
    assert lower[0] == 0


def test_garwood_never_undercovers() -> None:
    mu = np.linspace(0.05, 12.0, 60)
    n = np.arange(60)
    lower, upper = garwood_interval(n)
    covered = (lower <= mu[:, None]) & (mu[:, None] <= upper)
    assert np.all(np.sum(covered * poisson.pmf(n, mu[:, None]), axis=1) > ONE_SIGMA)
    # the square root does not: the check can fail
    root = np.abs(n - mu[:, None]) <= np.sqrt(n)
    assert np.any(np.sum(root * poisson.pmf(n, mu[:, None]), axis=1) < ONE_SIGMA)


def test_the_spectrum_is_given_back() -> None:
    exposure = scan_exposure(
        OMEGA,
        background_hz=0.3,
        gamma0_hz=np.array([2.0, 3.0, 4.0]),
        efficiency=np.full(3, 0.2),
        coherence=np.full(3, 0.5),
        live_time_s=np.array([1e3, 2e3, 3e3]),
    )
    found = measured_spectrum(asimov(exposure, lambda omega: 0.01 * (2 - omega)))
    np.testing.assert_allclose(found.value, 0.01 * (2 - OMEGA), rtol=1e-12)
    np.testing.assert_allclose(found.counts_per_unit, [200.0, 600.0, 1200.0])


def test_passes_are_summed_and_sorted() -> None:
    exposure = scan_exposure(np.tile(OMEGA[::-1], 3), background_hz=1.0)
    counts = np.array([1.0, 4.0, 9.0, 2.0, 5.0, 10.0, 3.0, 6.0, 11.0])
    found = measured_spectrum(Observation(exposure=exposure, counts=counts))
    np.testing.assert_array_equal(found.omega_eV, OMEGA)
    np.testing.assert_array_equal(found.counts, [30.0, 15.0, 6.0])
    np.testing.assert_allclose(found.value, [9.0, 4.0, 1.0])
    lower, upper = garwood_interval(30.0)
    assert found.error_down[0] == pytest.approx((30 - lower) / 3)
    assert found.error_up[0] == pytest.approx((upper - 30) / 3)


def test_lines_of_different_width_are_different_settings() -> None:
    exposure = scan_exposure([1.07, 1.07, 1.07], linewidth_eV=np.array([1e-6, 2e-6, 1e-6]))
    found = measured_spectrum(Observation(exposure=exposure, counts=np.array([1.0, 2.0, 4.0])))
    np.testing.assert_array_equal(found.counts, [5.0, 2.0])


def test_steps_without_signal_are_left_out() -> None:
    exposure = scan_exposure(OMEGA, coherence=np.array([1.0, 0.0, 1.0]), efficiency=np.array([1.0, 1.0, 0.0]))
    found = measured_spectrum(Observation(exposure=exposure, counts=np.array([3.0, 5.0, 7.0])))
    np.testing.assert_array_equal(found.counts, [3.0])
    nothing = scan_exposure(OMEGA, coherence=np.zeros(3))
    assert len(measured_spectrum(Observation(exposure=nothing, counts=np.ones(3))).value) == 0


def test_background_may_fluctuate_below_zero() -> None:
    exposure = scan_exposure(OMEGA, background_hz=4.0)
    found = measured_spectrum(Observation(exposure=exposure, counts=np.array([0.0, 4.0, 9.0])))
    np.testing.assert_allclose(found.value, [-4.0, 0.0, 5.0])
    assert found.error_down[0] == 0
    assert np.all(found.error_up > 0)


def test_as_dict_is_json() -> None:
    found = measured_spectrum(asimov(scan_exposure(OMEGA), np.ones_like))
    again = json.loads(json.dumps(found.as_dict()))
    assert again["omega_eV"] == OMEGA.tolist()
    assert again["value"] == [1.0, 1.0, 1.0]
