"""What an experiment knows only so well: taken away one by one, or added one by one."""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

import numpy as np

from renp_sim.analysis.floating import Treatment
from renp_sim.app.experiment import Experiment
from renp_sim.app.question import Normalisation, Question

__all__ = ["STATISTICS", "Systematic", "added_in_turn", "present", "without"]

STATISTICS = "statistics only"


class Systematic(StrEnum):
    """What else than the counts of the signal limits an experiment, in the order in which it is added."""

    BACKGROUND = "background"
    """Known exactly."""
    BACKGROUND_ERROR = "background error"
    EFFICIENCY = "efficiency"
    CALIBRATION = "calibration"
    NORMALISATION = "normalisation"


NUISANCES = {
    Systematic.BACKGROUND: "background.",
    Systematic.BACKGROUND_ERROR: "background.",
    Systematic.EFFICIENCY: "efficiency",
    Systematic.CALIBRATION: "frequency_offset",
    Systematic.NORMALISATION: "normalisation",
}
"""How the names of its parameters begin."""

FIELDS = {
    Systematic.BACKGROUND: ("background_rate_hz", "background_error_hz"),
    Systematic.BACKGROUND_ERROR: ("background_error_hz",),
    Systematic.EFFICIENCY: ("efficiency_common_error",),
    Systematic.CALIBRATION: ("omega_common_error_eV",),
    Systematic.NORMALISATION: (),
}
"""What of the exposure is 0 without it; errors of single steps float only where they are asked for."""


def present(experiment: Experiment, question: Question) -> tuple[Systematic, ...]:
    """Return which there are: in what is stated of the steps, or in what is asked to float."""
    asked = question.treatment
    floating = [*asked.free, *asked.constrained]
    found = []
    for each in Systematic:
        is_stated = any(np.any(getattr(experiment.exposure, name) > 0) for name in FIELDS[each])
        is_asked = each is not Systematic.BACKGROUND and any(n.startswith(NUISANCES[each]) for n in floating)
        is_unknown = each is Systematic.NORMALISATION and question.normalisation is not Normalisation.FIXED
        if is_stated or is_asked or is_unknown:
            found.append(each)
    return tuple(found)


def without(
    experiment: Experiment, question: Question, *systematics: Systematic
) -> tuple[Experiment, Question]:
    """Return an experiment that does not suffer from some, and what then floats."""
    exposure = experiment.exposure
    zero = {name: 0 * getattr(exposure, name) for each in systematics for name in FIELDS[each]}
    begins = tuple(NUISANCES[each] for each in systematics)
    asked = question.treatment
    treatment = Treatment(
        free=tuple(name for name in asked.free if not name.startswith(begins)),
        constrained={n: c for n, c in asked.constrained.items() if not n.startswith(begins)},
        fixed=asked.fixed,
    )
    known = Normalisation.FIXED if Systematic.NORMALISATION in systematics else question.normalisation
    return (
        replace(experiment, exposure=replace(exposure, **zero)),
        replace(question, treatment=treatment, normalisation=known),
    )


def added_in_turn(experiment: Experiment, question: Question) -> Iterator[tuple[str, Experiment, Question]]:
    """Yield the experiment with statistics only, then with each of its systematics added to the others."""
    there = present(experiment, question)
    for n in range(len(there) + 1):
        yield there[n - 1].value if n else STATISTICS, *without(experiment, question, *there[n:])
