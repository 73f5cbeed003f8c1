"""A parameter of interest: what a limit lets float beside it, and where everything stands."""

from dataclasses import replace
from fnmatch import fnmatchcase

from renp_sim.analysis.floating import Setup, Treatment
from renp_sim.analysis.model import Model
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.app.hypothesis import MASS_NAMES
from renp_sim.app.question import Question, treatment_of
from renp_sim.errors import ConfigError
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts

__all__ = ["limit_setup", "rested", "resting_masses"]


def limit_setup(
    experiment: Experiment, question: Question, parameter: str
) -> tuple[ExpectedCounts | JointCounts, Setup, str]:
    """Return the whole model of the run's hypothesis, what floats in a limit, and the parameter's full name.

    Masses stay where the run file has them unless they are named: limits on couplings are published so.

    Raises
    ------
    ConfigError
        If a parameter is unknown or asked for twice.
    """
    whole = model_of(experiment, hypothesis_of_run(experiment))
    names = [p.name for p in whole.parameters]
    # an element off the diagonal is meant real where nothing else is said
    name = parameter if parameter in names else f"{parameter}.re"
    if name not in names:
        name = parameter
        _require_coupling(whole, parameter)
    asked = question.treatment
    if any(fnmatchcase(name, pattern) for pattern in asked.fixed):
        raise ConfigError(f"--fix {name}: it is the parameter whose limit is asked for")
    chosen = rested(question, whole, (name,))
    model = whole.offering(chosen.names)
    setup = Setup.of(model, chosen)
    return whole, experiment.at_truth(setup, chosen.fixed), name


def rested(question: Question, model: Model, free: tuple[str, ...]) -> Treatment:
    """Return what is done with the parameters where some are free and masses rest unless they are named."""
    asked = question.treatment
    treatment = treatment_of(question, model)
    masses = {mass for every in MASS_NAMES.values() for mass in every}
    kept = [
        name
        for name in treatment.free
        if name not in masses or any(fnmatchcase(name, pattern) for pattern in asked.names)
    ]
    kept += [name for name in free if name not in (*kept, *treatment.constrained)]
    return replace(treatment, free=tuple(kept))


def resting_masses(experiment: Experiment, setup: Setup) -> list[str]:
    """Return a line if masses rest where the run file has them, and nobody asked for it."""
    names = MASS_NAMES[hypothesis_of_run(experiment).masses]
    if {p.name for p in setup.model.parameters} & set(names):
        return []
    shown = ", ".join(f"{m:g}" for m in experiment.assumptions.masses_eV)
    pattern = names[0] if len(names) == 1 else "'m?_eV'"
    return [f"masses rest at {shown} eV; --free {pattern} profiles them"]


def _require_coupling(model: ExpectedCounts | JointCounts, parameter: str) -> None:
    """Raise ConfigError with what is allowed."""
    names = [p.name for p in model.parameters]
    couplings = [n for n in names if n.startswith("interaction.")]
    if parameter.startswith("interaction.") and not couplings:
        raise ConfigError(
            f"--parameter {parameter}: the interaction of the run file has no couplings; "
            "set interaction.model to vector_mediator, scalar_mediator or em_moments"
        )
    model.offering((parameter,))
