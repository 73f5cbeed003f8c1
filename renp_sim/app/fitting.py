"""Fits of data: the model of each hypothesis, and what floats in it."""

from collections.abc import Collection

from renp_sim.analysis.floating import Treatment
from renp_sim.analysis.infer.fit import FitResult, ModelFit, fit
from renp_sim.app.data import Data
from renp_sim.app.experiment import Experiment
from renp_sim.app.hypothesis import MASS_NAMES, Hypothesis, Masses
from renp_sim.app.question import Question, treatment_of
from renp_sim.physics.neutrino import GP23_LIGHTEST_MASS_EV, Neutrinos
from renp_sim.physics.target import Target
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts, steps_of_runs

__all__ = ["fit_data", "model_fitted", "model_of", "problem_of"]


def model_of(
    experiment: Experiment, hypothesis: Hypothesis, lightest_mass_eV: float | None = None
) -> ExpectedCounts | JointCounts:
    """Return the model of a hypothesis; its masses stand at those of the lightest, or of the experiment.

    Runs of targets with different levels or spin tensors are joined; densities are the exposure's.
    """
    oscillation = hypothesis.oscillation(experiment.assumptions.oscillation)
    masses = experiment.assumptions.masses_eV if lightest_mass_eV is None else (lightest_mass_eV,)
    if len(masses) == 1 and hypothesis.masses is Masses.THREE:
        masses = tuple(Neutrinos.from_lightest_mass(masses[0], oscillation).masses_eV.tolist())
    elif len(masses) == 3 and hypothesis.masses is Masses.LIGHTEST:
        masses = (min(masses),)
    exposure = experiment.exposure
    runs_of_kind: dict[tuple[float, float, float], list[int]] = {}
    for run, target in experiment.targets.items():
        runs_of_kind.setdefault(_kind(target), []).append(run)
    groups = list(runs_of_kind.values())
    models = tuple(
        ExpectedCounts(
            exposure=steps_of_runs(exposure, runs),
            target=experiment.targets[runs[0]],
            oscillation=oscillation,
            nature=hypothesis.nature,
            interaction=experiment.assumptions.interaction,
            acceptances=experiment.detectors,
            masses_eV=masses,
        )
        for runs in groups
    )
    if len(models) == 1:
        return models[0]
    return JointCounts(
        exposure=exposure,
        models=models,
        model_of_run={run: i for i, runs in enumerate(groups) for run in runs},
    )


def _kind(target: Target) -> tuple[float, float, float]:
    """Return what the spectrum of a target depends on: levels and spin tensor."""
    return target.atom.e_eg_eV, target.atom.e_vg_eV, target.f_l


def problem_of(
    experiment: Experiment,
    question: Question,
    hypothesis: Hypothesis,
    lightest_mass_eV: float | None = None,
    elsewhere: Collection[str] = (),
) -> tuple[ExpectedCounts | JointCounts, Treatment]:
    """Return the model that is fitted, which offers what is named, and what is done with its parameters.

    Names `elsewhere` are those of other hypotheses, as for `renp_sim.app.question.treatment_of`.

    Raises
    ------
    ConfigError
        If a parameter is unknown or asked for twice.
    """
    whole = model_of(experiment, hypothesis, lightest_mass_eV)
    treatment = treatment_of(question, whole, elsewhere)
    return whole.offering(treatment.names), treatment


def model_fitted(fitted: ModelFit) -> ExpectedCounts | JointCounts:
    """Return the model that was fitted, which knows neutrinos."""
    model = fitted.setup.model
    if not isinstance(model, ExpectedCounts | JointCounts):
        raise TypeError(
            f"{type(model).__name__}: the model of a fit of files is ExpectedCounts or JointCounts"
        )
    return model


def fit_data(data: Data, question: Question, *, intervals: Collection[str] | None = None) -> FitResult:
    """Fit the data by every hypothesis; `intervals` as for `renp_sim.analysis.infer.fit.fit`.

    Raises
    ------
    ConfigError
        If a parameter is unknown or asked for twice.
    FitError
        If no hypothesis allows the counts.
    """
    hypotheses = question.hypotheses(data.assumptions.nature)
    starts = [GP23_LIGHTEST_MASS_EV] * len(hypotheses)
    if question.masses is Masses.THREE:
        # three masses start where one fits best: their own search is coarse
        one = fit_data(data, question.with_nothing_floating(Masses.LIGHTEST), intervals=())
        (name,) = MASS_NAMES[Masses.LIGHTEST]
        starts = [fitted.parameter(name).value for fitted in one.fits]
    # every hypothesis has the same parameters but Majorana phases, which float only where they are named
    every = {p.name for h in hypotheses for p in model_of(data.experiment, h).parameters}
    problems = [
        problem_of(data.experiment, question, h, start, every)
        for h, start in zip(hypotheses, starts, strict=True)
    ]
    _, treatment = max(problems, key=lambda problem: len(problem[1].names))
    return fit(
        data.fitted,
        {h.label: model for h, (model, _) in zip(hypotheses, problems, strict=True)},
        free=treatment.free,
        fix=treatment.fixed,
        constrain=treatment.constrained,
        level=question.level,
        intervals=intervals,
    )
