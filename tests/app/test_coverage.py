"""The command that measures coverage, on the cases of its campaign."""

import pytest

from benchmarks.coverage import CASES
from renp_sim.app.coverage import CoverageMethod, CoverageReport, coverage_of
from renp_sim.app.experiment import Experiment
from renp_sim.app.question import Normalisation, Question
from renp_sim.errors import ConfigError
from renp_sim.parallel.choice import executing
from renp_sim.runfile.run import load
from tests.analysis.infer.test_coverage import LEAST, TOYS

MOMENT = ("interaction.model=em_moments",)


def measured(
    parameter: str, truths: tuple[float, ...], settings: tuple[str, ...], n_toys: int = TOYS, **options
) -> CoverageReport:
    experiment = Experiment.of(load("gp23_three_frequencies", settings))
    question = options.pop("question", Question())
    return coverage_of(experiment, question, parameter, truths, seed=20261126, n_toys=n_toys, **options)


@pytest.mark.parametrize("case", CASES, ids=[name for name, *_ in CASES])
def test_no_catastrophe(case: tuple[str, tuple[float, ...], tuple[str, ...]]) -> None:
    rows = measured(*case).rows
    assert len(rows) >= 4
    for truth, method, found in rows:
        assert found.covered >= LEAST, (truth, method)
        # nor does anything cover all: 0.99 at most, 1e-9 for 200 of 200 that way
        assert found.covered < TOYS or method is CoverageMethod.CLS


def test_rows_do_not_depend_on_who_makes_them() -> None:
    """Blocks that are begun in the middle and shared among processes are the same toys."""
    case = ("interaction.magnetic_muB.11", (1e-11,), MOMENT)
    options = {"n_toys": 1500, "question": Question(normalisation=Normalisation.FREE)}
    alone = measured(*case, **options)
    with executing(2) as executor:
        together = measured(*case, **options, executor=executor)
    assert alone.rows == together.rows
    assert [method for _, method, _ in alone.rows] == list(CoverageMethod)


@pytest.mark.parametrize(
    ("truths", "options", "what"),
    [
        ((-1.0,), {}, "--truth -1"),
        ((0.0,), {"level": 0.3}, "--cl"),
        ((0.0,), {"n_toys": 0}, "--toys 0"),
    ],
)
def test_mistakes_are_one_line(truths, options, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        measured("lightest_mass_eV", truths, (), **options)
