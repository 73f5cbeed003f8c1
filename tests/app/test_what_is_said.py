"""What a fit says where the data say little: phases, bounds, ties, degrees of freedom, null experiments."""

from dataclasses import replace

import numpy as np
import pytest

from renp_sim.analysis.data import Exposure, Observation
from renp_sim.analysis.infer.fit import fit
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.analysis.model import Constraint, Shape
from renp_sim.physics.neutrino import Nature
from renp_sim.prediction.expected_counts import ExpectedCounts
from tests.prediction.exposures import exposure, place, start, yb_model

MASS = "lightest_mass_eV"
GP23_EV = [1.0688, 1.0699, 1.0711]


def counted(model: ExpectedCounts, **values: float) -> Observation:
    """Return the expectation of some values, rounded, as what was counted."""
    return Observation(exposure=model.exposure, counts=np.round(model.expected(start(model, **values))))


@pytest.mark.parametrize("shape", Shape)
def test_a_constrained_mass_has_an_interval(shape: Shape) -> None:
    """Its ends are those of a brute scan, whatever the shape of the constraint."""
    model = yb_model(exposure([*GP23_EV, 1.07163]), offered=(MASS,))
    observation = counted(model)
    known = Constraint(value=0.012, error=0.001 if shape is Shape.GAUSSIAN else 0.1, shape=shape)
    best = fit(observation, {"n": model}, constrain={MASS: known}).best
    mass = np.linspace(0.009, 0.016, 7001)
    pull = (mass - 0.012) / 0.001 if shape is Shape.GAUSSIAN else np.log(mass / 0.012) / np.log(1.1)
    q = poisson_deviance(observation.counts, model.expected(mass[:, None])).sum(axis=-1) + pull**2
    inside = mass[q <= q.min() + 1]
    intervals = best.parameter(MASS).intervals
    assert intervals is not None
    (region,) = intervals.regions
    assert best.minus_two_ln_L == pytest.approx(q.min(), abs=1e-4)
    assert (region.lower, region.upper) == pytest.approx((inside[0], inside[-1]), abs=2e-6)


def test_a_phase_that_nobody_sees_stays_and_is_said_to_be_any() -> None:
    """Dirac neutrinos have no phase that a total rate sees; it ended at −3e13."""
    model = yb_model(exposure(GP23_EV), offered=(MASS, "delta_cp_deg"))
    best = fit(counted(model), {"n": model}, free=(MASS, "delta_cp_deg")).best
    phase = best.parameter("delta_cp_deg")
    standing = model.parameters[place(model, "delta_cp_deg")].value
    assert not phase.seen
    assert phase.value == standing
    assert phase.intervals is not None
    (region,) = phase.intervals.regions
    assert (region.lower, region.upper) == (standing - 180, standing + 180)
    assert region.lower_open
    assert region.upper_open
    assert any(line.startswith("delta_cp_deg: the data do not see it: any value") for line in best.warnings)


def test_a_phase_that_is_hardly_seen_stays_within_a_turn() -> None:
    model = yb_model(exposure(GP23_EV), nature=Nature.MAJORANA, offered=(MASS, "alpha21_deg"))
    observation = counted(model, alpha21_deg=170.0)
    best = fit(observation, {"n": model}, free=("alpha21_deg",), fix={MASS: 0.01}).best
    angles = np.linspace(-180, 180, 721)
    theta = np.stack([np.full(721, 0.01), angles], axis=1)
    q = poisson_deviance(observation.counts, model.expected(theta)).sum(axis=-1)
    assert abs(best.parameter("alpha21_deg").value) <= 180
    assert best.minus_two_ln_L == pytest.approx(q.min(), abs=1e-4)


def test_an_angle_is_what_it_is_a_turn_away() -> None:
    model = yb_model(exposure(GP23_EV), offered=(MASS, "delta_cp_deg"))
    standing = model.parameters[1].value
    observation = counted(model)
    fixed = fit(observation, {"n": model}, free=(MASS,), fix={"delta_cp_deg": standing - 700}).best
    assert fixed.parameter("delta_cp_deg").value == pytest.approx(standing + 20)
    known = Constraint(value=standing + 350, error=10.0)
    best = fit(observation, {"n": model}, free=(MASS,), constrain={"delta_cp_deg": known}).best
    assert best.parameter("delta_cp_deg").value == pytest.approx(standing - 10, abs=1e-3)
    assert best.parameter("delta_cp_deg").prior_pull == pytest.approx(0, abs=1e-3)


def test_a_value_at_its_bound_is_said_to_be() -> None:
    model = yb_model(exposure([1.0700, 1.071]), offered=(MASS,))
    observation = Observation(exposure=model.exposure, counts=np.round(1.3 * model.expected(np.array([0.0]))))
    best = fit(observation, {"n": model}, free=(MASS,)).best
    assert best.parameter(MASS).at_bound
    assert any(
        "lightest_mass_eV: its best value, 0, is at an end of its range [0, " in w for w in best.warnings
    )


def test_hypotheses_that_differ_by_rounding_are_equally_good() -> None:
    """One was named best by 4e-15."""
    model = yb_model(exposure(GP23_EV), offered=(MASS,))
    result = fit(counted(model), {"a": model, "b": model}, free=(MASS,), intervals=())
    almost = replace(result.fits[1], minus_two_ln_L=result.fits[0].minus_two_ln_L - 4e-15)
    tied = replace(result, fits=(result.fits[0], almost))
    assert tied.equally_good == ("a", "b")
    assert tied.best.label == "a"
    assert tied.delta_q == {"a": 0.0, "b": 0.0}
    assert tied.as_dict()["equally_good"] == ["a", "b"]
    assert tied.notes[0].startswith("a, b: equally good")
    apart = replace(result, fits=(result.fits[0], replace(almost, minus_two_ln_L=1.0)))
    assert apart.equally_good == ("a",)
    assert apart.notes == ()


def test_degrees_of_freedom_that_differ_are_explained() -> None:
    """An empty step is a measurement to a hypothesis only that expects something of it."""
    steps = exposure([1.0711, 1.0718])
    heavy = yb_model(steps, offered=(MASS, "normalisation"))
    observation = Observation(exposure=steps, counts=np.array([20.0, 0.0]))
    models = {"light": heavy, "background": yb_model(steps, offered=(MASS, "normalisation"))}
    result = fit(observation, models, free=("normalisation",), fix={MASS: 0.01}, intervals=())
    assert result.notes == (f"{', '.join(models)}: equally good, −2 ln L differs by rounding only",)
    other = replace(result.fits[1], n_measured=2, ndf=1)
    (_, line) = replace(result, fits=(result.fits[0], other)).notes
    assert line.startswith("degrees of freedom differ: light 1 − 1, background 2 − 1; a step where nothing")


def null(background: bool, omega_eV: list[float]) -> Exposure:
    """Return steps that light neutrinos would fill by about a hundred photons each."""
    known = {"components": ("dark",), "background_rate_hz": [[1e-5]], "background_error_hz": [[1e-6]]}
    return exposure(omega_eV, live_time_s=1e6, **(known if background else {}))


def test_a_null_experiment_with_one_step_and_a_background_excludes_light_masses() -> None:
    """Where nothing is expected the slope is none, but a light mass costs a hundred of −2 ln L."""
    model = yb_model(null(True, [1.0699]), offered=(MASS, "background.dark"))
    observation = Observation(exposure=model.exposure, counts=np.array([10.0]))
    best = fit(observation, {"n": model}, free=(MASS,), constrain={"background.dark": None}).best
    mass = best.parameter(MASS)
    assert mass.seen
    assert mass.intervals is not None
    (region,) = mass.intervals.regions
    grid = np.linspace(0.03, 0.06, 3001)
    held = model.expected(np.stack([grid, np.ones(3001)], axis=1))
    q = poisson_deviance(observation.counts, held).sum(axis=-1)
    assert region.upper_open
    assert region.lower == pytest.approx(grid[q <= q.min() + 1][0], abs=2e-4)


def test_a_null_experiment_with_three_masses_excludes_light_ones() -> None:
    names = ("m1_eV", "m2_eV", "m3_eV")
    model = yb_model(null(False, GP23_EV), masses_eV=(0.01, 0.0132, 0.051), offered=names)
    observation = Observation(exposure=model.exposure, counts=np.zeros(3))
    best = fit(observation, {"n": model}, free=names).best
    assert best.minus_two_ln_L == pytest.approx(0, abs=1e-9)
    assert 2 * model.expected(np.array([0.01, 0.0132, 0.051])).sum() > 300
    for name in names:
        # the others are best where all their pairs are closed
        mass = np.linspace(0.03, 0.08, 5001)
        theta = np.full((5001, 3), 0.5)
        theta[:, place(model, name)] = mass
        end = mass[2 * model.expected(theta).sum(axis=1) <= 1][0]
        parameter = best.parameter(name)
        assert parameter.seen, name
        assert parameter.intervals is not None
        (region,) = parameter.intervals.regions
        assert region.lower == pytest.approx(end, abs=5e-5), name
        assert region.upper_open, name
