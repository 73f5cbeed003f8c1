"""`excess`: an extra threshold or a resonance that no one expected, anywhere in a scan."""

from collections.abc import Callable
from dataclasses import dataclass
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
from renp_sim.app.excess_places import ExcessKind, Places
from renp_sim.app.experiment import Experiment, hypothesis_of_run
from renp_sim.app.fitting import model_of
from renp_sim.app.interest import rested, resting_masses
from renp_sim.app.left_out import left_out
from renp_sim.app.question import Question
from renp_sim.app.subject import Subject
from renp_sim.app.table_and_plot import write_table_and_plot
from renp_sim.errors import ConfigError
from renp_sim.plots.excess import excess_plot

if TYPE_CHECKING:
    from renp_sim.plots.figure import Figure

__all__ = ["ExcessReport", "find_excess", "write_excess"]

SIGMAS = (2.0, 3.0, 5.0)
"""One-sided significances anywhere for which the necessary Δ(−2 ln L) is told."""


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
