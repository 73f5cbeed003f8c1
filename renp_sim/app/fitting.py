"""Fits of data: the model of each hypothesis, and what floats in it."""

from collections.abc import Collection

from renp_sim.analysis.floating import Treatment
from renp_sim.analysis.infer.fit import FitResult, ModelFit, fit
from renp_sim.app.data import Data
from renp_sim.app.hypothesis import MASS_NAMES, Hypothesis, Masses
from renp_sim.app.question import Question, treatment_of
from renp_sim.physics.neutrino import GP23_LIGHTEST_MASS_EV, Neutrinos
from renp_sim.physics.target import Target
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts, steps_of_runs

__all__ = ["fit_data", "model_fitted", "model_of", "problem_of"]


def model_of(
    data: Data, hypothesis: Hypothesis, lightest_mass_eV: float = GP23_LIGHTEST_MASS_EV
) -> ExpectedCounts | JointCounts:
    """Return the model of a hypothesis; its masses stand at those of the lightest.

    Runs of targets with different levels or spin tensors are joined; densities are the exposure's.
    """
    oscillation = hypothesis.oscillation(data.assumptions.oscillation)
    start = Neutrinos.from_lightest_mass(lightest_mass_eV, oscillation).masses_eV
    exposure = data.observation.exposure
    runs_of_kind: dict[tuple[float, float, float], list[int]] = {}
    for run, target in data.targets.items():
        runs_of_kind.setdefault(_kind(target), []).append(run)
    groups = list(runs_of_kind.values())
    models = tuple(
        ExpectedCounts(
            exposure=steps_of_runs(exposure, runs),
            target=data.targets[runs[0]],
            oscillation=oscillation,
            nature=hypothesis.nature,
            interaction=data.assumptions.interaction,
            acceptances=data.detectors,
            masses_eV=(lightest_mass_eV,) if hypothesis.masses is Masses.LIGHTEST else tuple(start.tolist()),
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
    data: Data, question: Question, hypothesis: Hypothesis, lightest_mass_eV: float = GP23_LIGHTEST_MASS_EV
) -> tuple[ExpectedCounts | JointCounts, Treatment]:
    """Return the model that is fitted, which offers what is named, and what is done with its parameters.

    Raises
    ------
    ConfigError
        If a parameter is unknown or asked for twice.
    """
    whole = model_of(data, hypothesis, lightest_mass_eV)
    treatment = treatment_of(question, whole)
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
    problems = [problem_of(data, question, h, start) for h, start in zip(hypotheses, starts, strict=True)]
    # every hypothesis has the same parameters but Majorana phases, which float only where they are named
    treatment = problems[0][1]
    return fit(
        data.observation,
        {h.label: model for h, (model, _) in zip(hypotheses, problems, strict=True)},
        free=treatment.free,
        fix=treatment.fixed,
        constrain=treatment.constrained,
        level=question.level,
        intervals=intervals,
    )
