"""What a reader of a limit must know, a line each."""

import math
from contextlib import suppress

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.cls import PValues
from renp_sim.analysis.infer.fit import few_counts
from renp_sim.analysis.infer.limit import Limit, LimitStatus
from renp_sim.analysis.likelihood.poisson import poisson_deviance
from renp_sim.app.experiment import Experiment
from renp_sim.app.interest import resting_masses
from renp_sim.arrays import FloatArray
from renp_sim.errors import NumericsError

__all__ = ["limit_notes"]

SMALL, NOTED = 1e-6, 0.01
"""Of the scale of a coupling; and a Δq that moves an end by less than 1 % of an error."""


def limit_notes(setup: Setup, found: Limit, p_values: PValues, experiment: Experiment) -> list[str]:
    """Return what was at rest, why an end is none, and where levels are asymptotic.

    Parameters
    ----------
    setup
        What floats.
    found
        The limit.
    p_values
        Where its level comes from.
    experiment
        What it is of.
    """
    notes = resting_masses(experiment, setup)
    notes += _ends(setup, found) + _jump(setup, found)
    ends = [end for end in found.expected or () if end is not None]
    if ends != sorted(ends):
        notes.append("the band is that of a parabola, which Δq is far from: `limit --band --toys N` draws it")
    elif ends and ends[0] < 0:
        notes.append(f"{found.name}: has a sign, and two standard deviations down its interval ends below 0")
    if p_values is PValues.ASYMPTOTIC and (few := few_counts(_most_expected(setup, found))):
        notes.append(f"{few}: the level is asymptotic; `limit --method feldman-cousins` counts outcomes")
    return notes


def _most_expected(setup: Setup, found: Limit) -> FloatArray:
    """Return the most that each step expects without the signal and at the ends of the limit, shape (n,).

    A signal without a background expects nothing where it is none, and what is tested is the end.
    """
    most = np.asarray(setup.model.expected(setup.theta))
    for end in (found.lower, found.upper):
        if end is not None:
            theta = setup.theta.copy()
            theta[setup.index(found.name)] = end
            # on a pole an end may be so small that no width of it can be resolved
            with suppress(NumericsError):
                most = np.maximum(most, setup.model.expected(theta))
    return most


def _ends(setup: Setup, found: Limit) -> list[str]:
    name = found.name
    if found.status is LimitStatus.POWER_CONSTRAINED:
        return [f"{name}: data fluctuated down; the limit is that of one standard deviation down"]
    if found.status is LimitStatus.NOT_VISIBLE:
        return [f"{name}: not visible, no expected count depends on it"]
    if len(found.regions) > 1:
        of_size = found.upper is not None and found.lower == -found.upper
        ends = "the ends bound its size" if of_size else "the ends are those of the region of the best"
        ends = "its largest value is allowed" if found.upper is None else ends
        return [f"{name}: what is allowed is not connected; {ends}"]
    if found.status is LimitStatus.UNBOUNDED:
        last = setup.limits(name)[1]
        if name.startswith("interaction.") and math.isfinite(last):
            return [
                f"{name}: no value up to {last:.4g} is excluded at this level; there the width of the "
                "mediator is like its mass, and larger ones mean nothing; interaction.width_eV sets another"
            ]
        low, high = setup.limits(name)
        if math.isfinite(low) and math.isfinite(high):
            return [f"{name}: no value in [{low:g}, {high:g}], beyond which none is looked for, is excluded"]
        return [f"{name}: no value is excluded at this level"]
    return []


def _jump(setup: Setup, found: Limit) -> list[str]:
    """Return a line if a coupling changes counts however small it is: a mediator under the line decays by it.

    Its width falls with the square of the coupling, and what comes from the pole stays.
    """
    name = found.name
    if not name.startswith("interaction.") or setup.model.quadratic((name,), setup.theta) is not None:
        return []
    index, position = setup.index(name), setup.names.index(name)
    theta = np.tile(setup.theta, (2, 1))
    theta[:, index] = [0.0, SMALL * setup.scale[position]]
    without, least = setup.model.expected(theta)
    jump = float(np.sum(poisson_deviance(without, least)))
    if jump < NOTED:
        return []
    says = f"{name}: however small, a mediator under the laser line decays by it, and Δq jumps by {jump:.3g}"
    if found.delta_q is not None and jump > found.delta_q:
        says += " at 0: every value but 0 is excluded, and an end is where the search stopped"
    return [f"{says}; limit the coupling of the electron, or state interaction.width_eV"]
