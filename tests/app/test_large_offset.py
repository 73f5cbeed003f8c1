"""A frequency scale that is off by many line widths, and by more than thresholds are apart, is found."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from renp_sim.analysis.infer.fit import ModelFit
from renp_sim.app.data import Data, read_data
from renp_sim.app.fitting import fit_data
from renp_sim.app.question import Normalisation, Question, Treatment
from renp_sim.physics.neutrino import Ordering
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import run_from_table

LINE_EV, STATED_EV = 1e-6, 5e-5
OFFSET = "frequency_offset_eV"
MASS = {"lightest_mass_eV": 0.01}
OMEGAS_EV = [1.0688, 1.0699, *np.round(np.arange(1.07152, 1.07171, 2e-5), 7).tolist()]
"""A level, and 2e-5 eV apart across ω_22, ω_12 and ω_11, which are 3.7e-5 and 3.2e-5 eV apart."""


def data_of(folder: Path, offset_eV: float) -> Data:
    """Return 2e5 photons and more, of a line of 1e-6 eV with an offset that is stated to 5e-5 eV."""
    settings = [
        f"laser.scan=[{{omegas_eV={OMEGAS_EV}, total_duration_s=1e7}}]",
        f"laser.linewidth_eV={LINE_EV}",
        f"laser.calibration={{common_offset_eV={offset_eV}, common_error_eV={STATED_EV}}}",
    ]
    run = run_from_table(apply_settings(read_table("fine_scan"), settings))
    return read_data(generate(run, folder / "run.root").path)


def best_fit(data: Data, fixed: Mapping[str, float | None]) -> ModelFit:
    """Return a fit with free normalisation in which the offset floats, unless it is fixed."""
    floats = {} if OFFSET in fixed else {OFFSET: None}
    question = Question(
        orderings=(Ordering.NORMAL,),
        normalisation=Normalisation.FREE,
        treatment=Treatment(constrained=floats, fixed=fixed),
    )
    return fit_data(data, question, intervals=()).best


def at_the_truth(data: Data, offset_eV: float) -> float:
    """Return −2 ln L there, with the constraint on the offset, which one that is fixed has not."""
    return best_fit(data, {**MASS, OFFSET: offset_eV}).minus_two_ln_L + (offset_eV / STATED_EV) ** 2


@pytest.mark.parametrize("offset_eV", [5e-5, -5e-5, 1e-4, -1e-4])
def test_of_a_known_mass(tmp_path: Path, offset_eV: float) -> None:
    """To a line width, 50 to 100 of them away; −2 ln L at the truth is above that of the fit by less than the
    0.1 % point of χ² with one freedom. The twin has no offset, and fits nothing.
    """
    data = data_of(tmp_path, offset_eV)
    found = best_fit(data, MASS)
    assert abs(found.parameter(OFFSET).value - offset_eV) < LINE_EV
    assert 0 <= at_the_truth(data, offset_eV) - found.minus_two_ln_L < chi2.isf(1e-3, 1)
    assert best_fit(data, {**MASS, OFFSET: 0.0}).minus_two_ln_L > 1000


@pytest.mark.slow
def test_together_with_the_mass(tmp_path: Path) -> None:
    """Both move all thresholds, the heavy ones by other amounts: 0.1 % point of χ² with two freedoms.

    A fit that stops in the wrong place would be worse than the truth. Of the twin without an offset the mass
    makes up for what it can, and it fits nothing.
    """
    offset_eV = -5e-5
    data = data_of(tmp_path, offset_eV)
    found = best_fit(data, {})
    assert 0 <= at_the_truth(data, offset_eV) - found.minus_two_ln_L < chi2.isf(1e-3, 2)
    assert abs(found.parameter(OFFSET).value - offset_eV) < 10 * LINE_EV
    assert abs(found.parameter("lightest_mass_eV").value - 0.01) < 5e-4
    assert best_fit(data, {OFFSET: 0.0}).minus_two_ln_L > 100
