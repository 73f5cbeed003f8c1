"""Systematics that are taken away, or added in turn."""

import numpy as np
import pytest

from renp_sim.analysis.floating import Treatment
from renp_sim.analysis.model import Constraint
from renp_sim.app.experiment import Experiment
from renp_sim.app.exposure import exposure_needed
from renp_sim.app.question import Normalisation, Question
from renp_sim.app.systematics import STATISTICS, Systematic, added_in_turn, present, without
from renp_sim.runfile.run import load

EVERYTHING = (
    "background=[{name='dark', kind='dark_counts', rate_hz=2e-5, error_rel=0.1}]",
    "detector.efficiency={kind='constant', value=0.5, common_error_rel=0.05}",
    "laser.calibration={common_error_eV=1e-6}",
)


def test_what_is_there_is_what_is_stated_or_asked() -> None:
    plain, full = (Experiment.of(load("gp23_three_frequencies", settings)) for settings in ((), EVERYTHING))
    assert present(plain, Question()) == ()
    assert present(plain, Question(normalisation=Normalisation.FREE)) == (Systematic.NORMALISATION,)
    asked = Question(treatment=Treatment(constrained={"efficiency": Constraint(value=1.0, error=0.1)}))
    assert present(plain, asked) == (Systematic.EFFICIENCY,)
    assert present(full, Question(normalisation=Normalisation.FREE)) == tuple(Systematic)


def test_nothing_of_it_is_left() -> None:
    asked = Question(
        normalisation=Normalisation.FREE,
        treatment=Treatment(free=("background.*", "lightest_mass_eV"), fixed={"delta_cp_deg": None}),
    )
    experiment, question = without(
        Experiment.of(load("gp23_three_frequencies", EVERYTHING)), asked, *Systematic
    )
    assert present(experiment, question) == ()
    assert question.treatment == Treatment(free=("lightest_mass_eV",), fixed={"delta_cp_deg": None})
    assert question.normalisation is Normalisation.FIXED
    assert not np.any(experiment.exposure.background_rate_hz)


def test_each_rung_takes_longer_and_the_last_is_the_whole() -> None:
    run = load("gp23_three_frequencies", EVERYTHING)
    question = Question(normalisation=Normalisation.FREE)
    assert [name for name, *_ in added_in_turn(Experiment.of(run), question)] == [STATISTICS, *Systematic]
    found = exposure_needed(run, question, "ordering", with_systematics=True)
    factors = [crossing.factor for _, crossing in found.systematics]
    assert None not in factors
    assert np.all(np.diff(factors) > -1e-4 * np.array(factors[1:]))
    assert factors[-1] == pytest.approx(found.results[0].factor, rel=1e-4)
    # the first rung is a run file that never had any of it, with the same efficiency
    bare = load("gp23_three_frequencies", ("detector.efficiency=0.5",))
    alone = exposure_needed(bare, Question(), "ordering").results[0].factor
    assert factors[0] == pytest.approx(alone, rel=1e-6)
    # background and normalisation matter here, the error of the frequency does not
    assert factors[1] > 1.2 * factors[0]
    assert factors[-1] > 1.5 * factors[-2]
