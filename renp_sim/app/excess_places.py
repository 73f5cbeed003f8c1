"""Where an excess may be, and what it would count there."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from renp_sim.app.experiment import Experiment
from renp_sim.app.fitting import model_of
from renp_sim.app.hypothesis import MASS_NAMES, Hypothesis, Masses
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.physics.interactions import StandardModel
from renp_sim.physics.neutrino import Nature, Ordering

__all__ = ["ExcessKind", "Places"]

MOST_PLACES = 400

IN_A_GAP = 4
"""Places between neighbouring steps: an onset there opens the same steps, with little else to tell it by."""

NEIGHBOURS_SIGMA = 6.0
"""Line widths within which a resonance between two steps is seen by both."""


class ExcessKind(StrEnum):
    """What shape is looked for."""

    THRESHOLD = "threshold"
    """An extra pair of two equal Dirac masses, as the Standard Model has it."""
    RESONANCE = "resonance"
    """A line as narrow as the laser's."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Where something may be.

    Parameters
    ----------
    mass_eV
        Mass of each of a pair, or of a mediator, shape (t,).
    omega_eV
        Where that is in the first target's spectrum, shape (t,), eV.
    templates
        Counts of strength 1, shape (t, n): of a threshold as much as of all pairs of the Standard Model, of
        a resonance I = 1 at its centre.
    """

    mass_eV: FloatArray
    omega_eV: FloatArray
    templates: FloatArray

    @classmethod
    def of(cls, experiment: Experiment, kind: ExcessKind) -> "Places":
        """Return those that the steps of an experiment can tell from each other.

        Raises
        ------
        ConfigError
            If no step could see anything.
        """
        e_eg_eV = np.array([experiment.targets[run].atom.e_eg_eV for run in experiment.exposure.run.tolist()])
        # q² of the pair: what is at one mass is at one q² of every target
        q2_eV2 = e_eg_eV * (e_eg_eV - 2 * experiment.exposure.omega_eV)
        sees = (experiment.exposure.counts_per_unit > 0) & (q2_eV2 > 0)
        if not np.any(sees):
            raise ConfigError("excess: no step has coherence and efficiency below E_eg/2")
        known = np.unique(q2_eV2[sees])
        if kind is ExcessKind.THRESHOLD:
            places_eV2 = _thinned(_between(np.append(0.0, known)))
            mass_eV = np.sqrt(places_eV2) / 2
            templates = _pairs(experiment, mass_eV)
        else:
            width_eV2 = 2 * e_eg_eV * experiment.exposure.linewidth_eV
            places_eV2 = np.append(known, _seen_twice(known, float(np.max(width_eV2))))
            places_eV2 = _thinned(np.unique(places_eV2))
            mass_eV = np.sqrt(places_eV2)
            far = np.abs(q2_eV2 - places_eV2[:, None])
            line = np.where(far <= 1e-12 * places_eV2[:, None], 1.0, 0.0)
            wide = width_eV2 > 0
            line[:, wide] = np.exp(-((far[:, wide] / width_eV2[wide]) ** 2) / 2)
            templates = line * experiment.exposure.counts_per_unit
        first, rows = float(e_eg_eV[0]), np.flatnonzero(np.max(templates, axis=1) > 0)
        omega_eV = (first - places_eV2 / first) / 2
        return cls(mass_eV=mass_eV[rows], omega_eV=omega_eV[rows], templates=templates[rows])


def _thinned(places: FloatArray) -> FloatArray:
    """Return no more places than are affordable."""
    kept: FloatArray = places[np.unique(np.linspace(0, len(places) - 1, MOST_PLACES).astype(int))]
    return kept


def _between(edges: FloatArray) -> FloatArray:
    """Return values inside of each gap."""
    share = (np.arange(IN_A_GAP) + 0.5) / IN_A_GAP
    inside: FloatArray = (edges[:-1, None] + np.diff(edges)[:, None] * share).ravel()
    return inside


def _seen_twice(known: FloatArray, width: float) -> FloatArray:
    """Return values between neighbours that are close, a width apart."""
    found = [np.empty(0)]
    for left, right in zip(known[:-1].tolist(), known[1:].tolist(), strict=True):
        if width > 0 and right - left < NEIGHBOURS_SIGMA * width:
            found.append(np.linspace(left, right, math.ceil((right - left) / width) + 1)[1:-1])
    return np.concatenate(found)


def _pairs(experiment: Experiment, mass_eV: FloatArray) -> FloatArray:
    """Return the counts of pairs of equal masses, shape (t, n), as strong as all of the Standard Model."""
    alone = replace(experiment, assumptions=replace(experiment.assumptions, interaction=StandardModel()))
    hypothesis = Hypothesis(ordering=Ordering.NORMAL, nature=Nature.DIRAC, masses=Masses.THREE)
    model = model_of(alone, hypothesis).offering((*MASS_NAMES[Masses.THREE], "normalisation"))
    theta = np.column_stack([mass_eV, mass_eV, mass_eV, np.ones(len(mass_eV))])
    without = model.expected(np.array([*theta[0, :3], 0.0]))
    return np.asarray(model.expected(theta) - without)
