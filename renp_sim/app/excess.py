"""`excess`: an extra threshold or a resonance that no one expected, anywhere in a scan."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.excess import (
    ENOUGH_TOYS,
    Chance,
    Excess,
    chance_of,
    excess_of,
    largest_likely,
)
from renp_sim.analysis.infer.outcomes import Uniforms
from renp_sim.analysis.likelihood.polynomial_model import as_polynomial
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.app.hypothesis import MASS_NAMES, Hypothesis, Masses
from renp_sim.app.interest import rested, resting_masses
from renp_sim.app.left_out import left_out
from renp_sim.app.question import Question
from renp_sim.app.subject import Subject
from renp_sim.app.table_and_plot import write_table_and_plot
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.physics.interactions import StandardModel
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.plots.excess import excess_plot

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["ExcessKind", "ExcessReport", "Places", "find_excess", "write_excess"]

MOST_PLACES = 400

IN_A_GAP = 4
"""Places between neighbouring steps: an onset there opens the same steps, with little else to tell it by."""

NEIGHBOURS_SIGMA = 6.0
"""Line widths within which a resonance between two steps is seen by both."""

SIGMAS = (2.0, 3.0, 5.0)
"""One-sided significances anywhere for which the necessary Δ(−2 ln L) is told."""


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExcessReport:
    """What was found, or what must be found.

    Parameters
    ----------
    kind, places
        What was looked for, and where.
    found
        The largest of the data; None of a run that nobody has generated.
    chance
        What toys without an excess show.
    null
        The fit without an excess, or the truth.
    hypothesis
        Of the fit.
    notes
        What a reader must know, a line each.
    """

    kind: ExcessKind
    places: Places
    found: Excess | None
    chance: Chance
    null: Setup
    hypothesis: str
    notes: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no count at all is expected without an excess."""
        return not np.any(self.null.model.expected(self.null.theta) > 0)

    @property
    def needed(self) -> dict[float, float]:
        """Δ(−2 ln L) that is exceeded anywhere with the probability of so many standard deviations."""
        if self.is_empty:
            # the first count has no probability at all
            return dict.fromkeys(SIGMAS, 0.0)
        return {z: largest_likely(self.chance, float(ndtr(-z))) for z in SIGMAS}

    def as_dict(self) -> dict[str, Any]:
        """Return what `excess --json` prints."""
        found = self.found
        place = None if found is None else found.place
        return {
            "kind": self.kind.value,
            "hypothesis": self.hypothesis,
            "null_at": {name: float(self.null.theta[self.null.index(name)]) for name in self.null.names},
            "is_expected": found is None,
            "omega_eV": None if place is None else float(self.places.omega_eV[place]),
            "mass_eV": None if place is None else float(self.places.mass_eV[place]),
            "strength": None if found is None else found.strength,
            "delta_q": None if found is None or place is None else float(found.delta_q[place]),
            "local_p_value": None if found is None else found.local.p_value,
            "local_significance": None if found is None else found.local.sigma,
            "p_value": None if found is None else found.anywhere.p_value,
            "p_error": None if found is None else found.anywhere.p_error,
            "significance": None if found is None else found.anywhere.sigma,
            "is_bound": None if found is None else found.anywhere.is_bound,
            "p_value_bound": None if found is None else found.anywhere_bound,
            "trial_factor": None if found is None else found.trial_factor,
            "delta_q_needed": {f"{z:g}": delta_q for z, delta_q in self.needed.items()},
            "places": len(self.places.omega_eV),
            "upcrossings": self.chance.upcrossings,
            "toys": len(self.chance.largest),
            "sided": "one-sided",
            "notes": list(self.notes),
        }


def find_excess(
    subject: Subject,
    question: Question,
    kind: ExcessKind,
    *,
    n_toys: int,
    progress: Callable[[int, int], None] | None = None,
) -> ExcessReport:
    """Return the largest excess of a kind in data, or how large one must be in a run that is planned.

    Parameters
    ----------
    subject
        Files, or a run file.
    question
        What floats without an excess; masses rest unless they are named.
    kind
        What is looked for.
    n_toys
        Without an excess.
    progress
        Told at how many places toys have been fitted, and of how many.

    Raises
    ------
    ConfigError
        If a name or the number of toys does not fit, or no step could see anything.
    """
    experiment = subject.experiment
    hypothesis = hypothesis_of_run(experiment)
    whole = model_of(experiment, hypothesis)
    treatment = rested(question, whole, ())
    setup = Setup.of(whole.offering(treatment.names), treatment)
    setup = as_polynomial(experiment.at_truth(setup, treatment.fixed)).tabled()
    places = Places.of(experiment, kind)
    found = None
    if subject.counts is None:
        uniforms = Uniforms.of(setup, experiment.exposure.n_steps, seed=subject.seed, n_toys=n_toys)
        chance = chance_of(setup, places.templates, uniforms, progress=progress)
    else:
        found, setup, chance = excess_of(
            setup, places.templates, subject.counts, seed=subject.seed, n_toys=n_toys, progress=progress
        )
    return ExcessReport(
        kind=kind,
        places=places,
        found=found,
        chance=chance,
        null=setup,
        hypothesis=hypothesis.label,
        notes=(
            *subject.notes,
            *_notes(experiment, setup, chance, found),
            *left_out(experiment, question.treatment),
        ),
    )


def _notes(experiment: Experiment, setup: Setup, chance: Chance, found: Excess | None) -> list[str]:
    notes = resting_masses(experiment, setup)
    if not np.any(setup.model.expected(setup.theta) > 0):
        notes.append("without an excess no count is expected: a single one would be an excess")
    if found is not None and found.anywhere.p_value * len(chance.largest) < ENOUGH_TOYS:
        notes.append("fewer than ten toys are as large: the bound by upcrossings says more, or more --toys")
    return notes


def write_excess(report: ExcessReport, folder: Path, *, force: bool = False) -> list[Path]:
    """Write the scan as CSV, PNG and PDF into a folder, and return the files.

    Raises
    ------
    ConfigError
        If there are no data.
    SchemaError
        If a file exists and `force` is not given, or cannot be written.
    """
    found, places = report.found, report.places
    if found is None:
        raise ConfigError("--output: there is a scan of data only; give ROOT files")
    rows = zip(
        *(a.tolist() for a in (places.omega_eV, places.mass_eV, found.delta_q, found.strengths)), strict=True
    )
    title = f"{report.kind}, {report.hypothesis}"

    def draw() -> "Figure":
        return excess_plot(places.omega_eV, found.delta_q, report.needed, title=title)

    header = ("omega_eV", "mass_eV", "delta_q", "strength")
    return write_table_and_plot(folder, f"excess_{report.kind}", [title], header, rows, draw, force=force)
