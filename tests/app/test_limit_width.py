"""Limits of couplings that set the width of their mediator, against a brute scan of the coupling."""

import math
from pathlib import Path

import numpy as np
import pytest

from renp_sim.analysis.infer.limit import LimitStatus
from renp_sim.analysis.intervals import delta_q_of_level
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.app.data import read_data
from renp_sim.app.experiment import hypothesis_of_run
from renp_sim.app.fitting import fit_data, model_of
from renp_sim.app.limit import LimitMethod, limit_of
from renp_sim.app.question import Ordering, Question, Treatment
from renp_sim.app.subject import Subject, subject_of
from renp_sim.production.generate import generate
from renp_sim.runfile.run import load

NAME = "interaction.y_scalar.11"
LARGEST = math.sqrt(4 * math.pi)
POLE_EV = 0.1124


def subject(mass_eV: float, electron: float, *settings: str) -> Subject:
    scalar = f"interaction={{model='scalar_mediator', mass_eV={mass_eV!r}, y_electron={electron!r}}}"
    return Subject.of(load("gp23_three_frequencies", (scalar, *settings)))


def first_excluded(subject: Subject, level: float = 0.9) -> float | None:
    """Return the smallest excluded coupling of a scan in steps of a thousandth, None if there is none."""
    experiment = subject.experiment
    model = model_of(experiment, hypothesis_of_run(experiment))
    theta = experiment.theta_true(model)
    sizes = np.append(np.geomspace(1e-3, LARGEST, 8000), LARGEST)
    moved = np.tile(theta, (len(sizes), 1))
    moved[:, [p.name for p in model.parameters].index(NAME)] = sizes
    q = poisson_deviance(model.expected(theta), model.expected(moved)).sum(axis=-1)
    excluded = np.flatnonzero(q > delta_q_of_level(level))
    return float(sizes[excluded[0]]) if len(excluded) else None


@pytest.mark.parametrize(
    ("mass_eV", "electron"),
    [
        *((0.2, electron) for electron in (1e-17, 1e-18, 6e-19, 3e-19, 1e-19, 1e-21)),
        *((5.0, electron) for electron in (2e-14, 1e-15, 1e-18, 1e-21)),
        # it decays into two of the lightest and nothing else
        (0.03, 1e-19),
    ],
)
def test_an_excluded_coupling_with_a_width_is_excluded(mass_eV: float, electron: float) -> None:
    """It was extrapolated from small couplings to some thousand, where the mediator decays at once."""
    planned = subject(mass_eV, electron)
    found = limit_of(planned, Question(), NAME, method=LimitMethod.ASIMOV)
    expected = first_excluded(planned)
    if expected is None:
        assert found.limit.upper is None
        assert found.limit.status in (LimitStatus.UNBOUNDED, LimitStatus.NOT_VISIBLE)
    else:
        assert found.limit.upper == pytest.approx(expected, rel=3e-3)
        assert found.limit.lower == -found.limit.upper
        assert not any("no value" in note for note in found.notes)


def test_why_there_is_no_limit_is_said() -> None:
    notes = limit_of(subject(0.2, 3e-19), Question(), NAME, method=LimitMethod.ASIMOV).notes
    assert any("no value up to 3.545 is excluded" in note and "width_eV" in note for note in notes)


def test_a_width_of_its_own_bounds_no_coupling() -> None:
    """The rate then rises with the square of any coupling, and the limit with 1/y_e."""
    fixed = "interaction.width_eV=1e-3"
    upper = [
        limit_of(subject(0.2, electron, fixed), Question(), NAME, method=LimitMethod.ASIMOV).limit.upper
        for electron in (1e-17, 1e-20, 1e-23)
    ]
    assert upper[0] is not None
    assert upper == pytest.approx([upper[0], 1e3 * upper[0], 1e6 * upper[0]], rel=1e-6)


UNDER = ("laser.linewidth_eV=5e-6", "laser.scan=[{omegas_eV=[1.0688, 1.0711], total_duration_s=2e5}]")
"""A line, and the mass of a mediator whose pole lies under it: E_eg (E_eg − 2 ω) is its square."""


def test_a_band_has_no_signs_where_a_coupling_has_none() -> None:
    """Under the line μ is no quadratic form, but it is as even as elsewhere; the band went below 0."""
    planned = subject(POLE_EV, 1e-12, *UNDER)
    found = limit_of(planned, Question(), NAME, method=LimitMethod.ASIMOV, band=True)
    assert found.limit.expected is not None
    assert found.limit.lower == -found.limit.upper
    assert found.limit.expected[0] > 0
    assert list(found.limit.expected) == sorted(found.limit.expected)


@pytest.mark.parametrize(("electron", "says"), [(1e-12, True), (1e-20, True), (3e-21, False), (1e-24, None)])
def test_a_mediator_that_any_coupling_lets_decay_is_said(electron: float, says: bool | None) -> None:
    """Of a narrow pole the rate is that of the mediator, whatever it decays by."""
    planned = subject(POLE_EV, electron, *UNDER)
    notes = limit_of(planned, Question(), NAME, method=LimitMethod.ASIMOV).notes
    jumps = [note for note in notes if "decays by it" in note]
    assert bool(jumps) == (says is not None)
    assert any("every value but 0" in note for note in jumps) == bool(says)
    # with a width of its own nothing jumps
    stated = subject(POLE_EV, electron, *UNDER, "interaction.width_eV=1e-4")
    notes = limit_of(stated, Question(), NAME, method=LimitMethod.ASIMOV).notes
    assert not any("decays by it" in note for note in notes)


@pytest.mark.parametrize("electron", [1e-18, 3e-20])
def test_both_signs_of_a_coupling_under_a_pole_are_found(tmp_path: Path, electron: float) -> None:
    """μ is no quadratic form in it: the fit followed one sign by MINOS, and the limit stayed at 0."""
    scalar = "interaction={model='scalar_mediator', mass_eV=0.1124, y_electron=%r, y_scalar={11=0.1}}"
    run = load("gp23_three_frequencies", (scalar % electron, *UNDER))
    file = generate(run, tmp_path / "pole.root").path
    fixed = Treatment(free=(NAME,), fixed={"lightest_mass_eV": 0.01})
    data = read_data([file])
    best = fit_data(data, Question(orderings=(Ordering.NORMAL,), treatment=fixed)).best
    intervals = best.parameter(NAME).intervals
    assert intervals is not None
    ends = [(r.lower, r.upper) for r in intervals.regions]
    assert [(-b, -a) for a, b in reversed(ends)] == [pytest.approx(end, rel=1e-6) for end in ends]
    # against a scan of the model itself
    limit = limit_of(subject_of([file]), Question(), NAME).limit
    model = model_of(data.experiment, hypothesis_of_run(data.experiment))
    sizes = np.unique([*np.geomspace(1e-6, LARGEST, 800), *ends[-1], best.parameter(NAME).value, limit.upper])
    theta = np.tile([p.value for p in model.parameters], (len(sizes), 1))
    theta[:, [p.name for p in model.parameters].index(NAME)] = sizes
    delta_q = poisson_deviance(data.fitted.counts, model.expected(theta)).sum(axis=-1) - best.minus_two_ln_L
    assert np.min(delta_q) > -1e-6
    at = dict(zip(sizes.tolist(), delta_q.tolist(), strict=True))
    assert [at[end] for end in ends[-1]] == pytest.approx([1.0, 1.0], abs=1e-3)
    assert at[limit.upper] == pytest.approx(delta_q_of_level(0.9), abs=1e-3)
    inside = (sizes >= ends[-1][0]) & (sizes <= ends[-1][1])
    assert np.array_equal(inside, delta_q < 1.001)
    assert np.all(delta_q[sizes > limit.upper] > delta_q_of_level(0.9))


def test_what_is_allowed_up_to_the_end_is_no_limit() -> None:
    """A coupling of 0.5 is excluded, and none near the end, where the mediator is too wide to be seen."""
    planned = subject(0.112, 1.5e-20, UNDER[0])
    found = limit_of(planned, Question(), NAME, method=LimitMethod.ASIMOV)
    assert len(found.limit.regions) > 1
    assert found.limit.upper is None
    assert found.limit.status is LimitStatus.UNBOUNDED
    assert any("its largest value is allowed" in note for note in found.notes)
