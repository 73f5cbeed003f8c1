"""Steps split by energy: rows sum to their step, and a line that a threshold cuts is not split too finely."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtr

from detector.background import Background, Continuum, DarkCounts
from detector.efficiency import TurnOn
from detector.resolution import Gaussian
from detector.response import Detector
from detector.spectrum import Exponential
from renp_sim.analysis.data import Exposure
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import StandardModel, VectorMediator
from renp_sim.physics.line import mean_recorded_spectrum
from renp_sim.physics.neutrino import Neutrinos
from renp_sim.physics.rates import Emission
from renp_sim.prediction.energy_bins import WIDER_THAN_LINE, edges_around, split_by_energy
from renp_sim.prediction.joint import JointCounts
from tests.prediction.exposures import exposure, known_exposure, place, start, yb_model
from tests.prediction.test_joint import pair

E_EG_EV = 2.14349
BACKGROUNDS: tuple[Background, ...] = (
    DarkCounts(name="dark", rate_hz=1e-4),
    Continuum(name="flux", rate_hz=1e-4, spectrum=Exponential(low_eV=0.8, high_eV=1.3, scale_eV=0.1)),
)
DETECTOR = Detector(
    efficiency=TurnOn(energy_eV=1.0, width_eV=0.02),
    resolution=Gaussian(sigma_eV=0.002),
    energy_window_eV=(0.9, 1.2),
    backgrounds=BACKGROUNDS,
)

OF_EVERY_KIND = (
    "lightest_mass_eV",
    "dm2_21_eV2",
    "frequency_offset_eV",
    "frequency_offset_eV.2",
    "interaction.g_left.11",
    "normalisation",
    "efficiency",
    "efficiency.3",
    "background.dark",
)


def split(exposure: Exposure, detectors: Mapping[int, Detector]) -> Exposure:
    return split_by_energy(exposure, detectors, dict.fromkeys(detectors, E_EG_EV / 2))


def summed(values: FloatArray, exposure: Exposure, axis: int = -1) -> FloatArray:
    """Return sums over the rows of each step, which is one or several rows."""
    first = np.unique(exposure.step_number, return_index=True)[1]
    return np.asarray(np.add.reduceat(values, first, axis))


@pytest.mark.parametrize("width_eV", [0.0, 5e-7, 0.002], ids=["perfect", "as-the-line", "wide"])
def test_rows_of_a_step_sum_to_it_and_their_gradient_is_that_of_the_counts(width_eV: float) -> None:
    """Whatever parameter has moved; the gradient is compared with a difference of the counts."""
    detector = replace(DETECTOR, resolution=Gaussian(sigma_eV=width_eV))
    steps = known_exposure(linewidth_eV=1e-6, components=("dark", "flux"), omega_common_error_eV=2e-5)
    coupled = VectorMediator(mass_eV=1e-3, g_electron=1.0, g_left=CouplingMatrix.from_elements({"11": 1e-26}))
    whole = yb_model(steps, acceptances={1: detector}, interaction=coupled)
    rows = whole.at(split(steps, {1: detector}))
    assert rows.exposure.n_steps > 6 * steps.n_steps
    assert [p.name for p in rows.parameters] == [p.name for p in whole.parameters]
    whole, rows = whole.offering(OF_EVERY_KIND), rows.offering(OF_EVERY_KIND)
    for k, parameter in enumerate(whole.parameters):
        theta = start(whole)
        theta[k] += 0.7 * parameter.scale
        assert_allclose(summed(rows.expected(theta), rows.exposure), whole.expected(theta), rtol=1e-12)
        slopes = rows.gradient(theta)
        most = np.max(np.abs(slopes), axis=0)
        assert np.all(np.abs(summed(slopes, rows.exposure, 0) - whole.gradient(theta)) <= 1e-9 * most)
        for model in (rows, rows.tabled((parameter.name,))):
            h = 1e-4 * parameter.scale * (np.arange(len(theta)) == k)
            rise = (model.expected(theta + h) - model.expected(theta - h)) / (2 * h[k])
            assert_allclose(model.gradient(theta)[:, k], rise, atol=1e-4 * most[k], err_msg=parameter.name)
    names, x = ("interaction.g_left.11", "background.dark"), np.array([3e-26, 2.0])
    form, theta = rows.quadratic(names, start(rows)), start(rows)
    assert form is not None
    theta[[place(rows, name) for name in names]] = x
    by_form = form.constant + form.linear @ x + np.einsum("kpq,p,q->k", form.square, x, x)
    assert_allclose(by_form, rows.expected(theta), rtol=1e-9, atol=1e-9)


def test_rows_of_two_targets_sum_to_their_steps() -> None:
    whole, yb, xe = pair(0.5)
    steps = replace(whole.exposure, components=("dark", "flux"))
    detectors = dict.fromkeys((1, 2), replace(DETECTOR, energy_window_eV=(0.5, 5.0)))
    models = tuple(replace(model, acceptances=detectors) for model in (yb, xe))
    joint = JointCounts(exposure=steps, models=models, model_of_run=whole.model_of_run)
    rows = joint.at(split(steps, detectors))
    assert [p.name for p in rows.parameters] == [p.name for p in joint.parameters]
    theta = np.array([p.value + 0.3 * p.scale for p in joint.parameters])
    assert_allclose(summed(rows.expected(theta), rows.exposure), joint.expected(theta), rtol=1e-12)


@pytest.mark.parametrize(("width_in_lines", "most"), [(WIDER_THAN_LINE, 0.4 / WIDER_THAN_LINE), (1.0, 1e-12)])
def test_a_line_cut_by_a_threshold(width_in_lines: float, most: float) -> None:
    """At ω_11 half of the line emits. A share is off by less than a thirtieth of the height of a Gaussian.

    Where the resolution is not far wider than the line, one bin holds both.
    """
    sigma_eV, edge_eV = 1e-6, 1.07165172
    width_eV, window_eV = width_in_lines * sigma_eV, (0.9, 1.2)
    detector = Detector(resolution=Gaussian(sigma_eV=width_eV), energy_window_eV=window_eV)
    rows = split(exposure([edge_eV], linewidth_eV=sigma_eV), {1: detector})
    model = yb_model(rows, acceptances={1: detector}, offered=())
    target, oscillation = model.target, model.oscillation
    neutrinos = Neutrinos.from_lightest_mass(0.01, oscillation)
    emission = Emission(target=target, neutrinos=neutrinos, interaction=StandardModel())

    def exact(edges_eV: FloatArray) -> FloatArray:
        line = np.array([[edge_eV]]), np.array([sigma_eV])
        bins = (replace(detector, energy_window_eV=ends) for ends in pairwise(edges_eV.tolist()))
        recorded = np.array([mean_recorded_spectrum(*line, emission, of_bin).sum() for of_bin in bins])
        return recorded / recorded.sum()

    found = model.expected(np.empty(0))
    edges_eV = np.append(rows.energy_low_eV, rows.energy_high_eV[-1])
    assert np.max(np.abs(found / found.sum() - exact(edges_eV))) < most
    # split where it is as wide as the line, the shares would be off by more
    edges_eV = edges_around(edge_eV, 0.0, 0.0, width_eV, window_eV)
    even = np.diff(ndtr((edges_eV - edge_eV) / width_eV))
    assert np.max(np.abs(even - exact(edges_eV))) > 0.1 / width_in_lines


def test_what_is_not_known_is_refused() -> None:
    steps = known_exposure()
    with pytest.raises(ConfigError, match="run 1: carries no configuration"):
        split(steps, {})
    with pytest.raises(ConfigError, match="background qed: not in the configuration"):
        split(steps, {1: DETECTOR})
    known = {1: replace(DETECTOR, backgrounds=(BACKGROUNDS[0], Continuum(name="qed", rate_hz=1.0)))}
    with pytest.raises(ConfigError, match="run 1: its detector is unknown"):
        yb_model(split(steps, known))
