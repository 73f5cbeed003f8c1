"""What follows from a fit: the six thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from renp_sim.analysis.floating import Setup, Treatment
from renp_sim.analysis.infer.fit import FitResult, ModelFit
from renp_sim.analysis.infer.goodness import Goodness, goodness_of_fit
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.infer.profile_regions import regions_of
from renp_sim.analysis.infer.result import plain
from renp_sim.analysis.intervals import delta_q_of_level
from renp_sim.app.data import Data
from renp_sim.app.fitting import fit_data, model_fitted, problem_of
from renp_sim.app.hypothesis import Hypothesis, Masses
from renp_sim.app.left_out import left_out
from renp_sim.app.one_physics import atom_of_runs
from renp_sim.app.propagation import regions_of_thresholds
from renp_sim.app.question import Question
from renp_sim.physics.neutrino import threshold_eV
from renp_sim.physics.pairs import PAIRS
from renp_sim.prediction.mass_sum import MassSum

__all__ = ["FitReport", "Threshold", "best_thresholds_eV", "fit_report", "thresholds_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """ω_ij of a fit, eV, and its interval, a list of regions (low, high); empty where nobody asked for it.

    The value is None where the data do not see a mass that it depends on.
    """

    value: float | None
    intervals: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitReport:
    """A fit and what follows from it.

    Parameters
    ----------
    question, data
        What was asked, of what.
    result
        The fits.
    thresholds
        By label of the hypothesis and by pair, "11" … "33"; for the atom of the first run.
    goodness
        Of the best fit, from toys where they were asked for.
    notes
        What the likelihood leaves out, a line each.
    """

    question: Question
    data: Data
    result: FitResult
    thresholds: Mapping[str, Mapping[str, Threshold]]
    goodness: Goodness | None = None
    notes: tuple[str, ...] = ()

    def hypothesis(self, fitted: ModelFit) -> Hypothesis:
        """Return the hypothesis of one of the fits."""
        known = self.question.hypotheses(self.data.assumptions.nature)
        return next(hypothesis for hypothesis in known if hypothesis.label == fitted.label)

    @property
    def atom_of_thresholds(self) -> str | None:
        """The atom of the first run, where there are several; None where nothing else can be meant."""
        atoms = self.data.atoms
        return (
            atoms[atom_of_runs(self.data.tables)[next(iter(self.data.targets))]] if len(atoms) > 1 else None
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what `fit --json` prints; expected counts are those of `energy_bins`, if there are some."""
        thresholds = {
            label: {
                pair: {"value": found.value, "intervals": [list(region) for region in found.intervals]}
                for pair, found in rows.items()
            }
            for label, rows in self.thresholds.items()
        }
        return self.result.as_dict() | {
            "thresholds_eV": thresholds,
            "thresholds_of": self.atom_of_thresholds,
            "goodness": None if self.goodness is None else plain(self.goodness),
            "energy_bins": self._energy_bins(),
            "notes": [*self.data.notes, *self.notes, *self.result.notes],
        }

    def _energy_bins(self) -> dict[str, list[float]] | None:
        """Return what was fitted by column; None where that is whole steps."""
        rows = self.data.fitted
        if not rows.exposure.is_split:
            return None
        columns = {
            "run": rows.exposure.run,
            "step": rows.exposure.step,
            "low_eV": rows.exposure.energy_low_eV,
            "high_eV": rows.exposure.energy_high_eV,
            "counts": rows.counts,
        }
        return {name: column.tolist() for name, column in columns.items()}


def fit_report(data: Data, question: Question, *, n_toys: int = 0, seed: int = 1) -> FitReport:
    """Fit the data and derive the thresholds; with toys the p-value of the best fit too.

    With three free masses the intervals of the sums m_i + m_j cost a profile each, so only the best
    hypothesis has them.

    Raises
    ------
    ConfigError, FitError
        As `fit_data` does.
    """
    result = fit_data(data, question)
    hypotheses = question.hypotheses(data.assumptions.nature)
    best = result.best
    goodness = None
    if n_toys:
        goodness = goodness_of_fit(best.setup, best.minus_two_ln_L, seed=seed, n_toys=n_toys)
    return FitReport(
        goodness=goodness,
        notes=left_out(data.experiment, question.treatment),
        question=question,
        data=data,
        result=result,
        thresholds={
            fitted.label: thresholds_of(data, question, hypothesis, fitted, with_sums=fitted is result.best)
            for hypothesis, fitted in zip(hypotheses, result.fits, strict=True)
        },
    )


def thresholds_of(
    data: Data, question: Question, hypothesis: Hypothesis, fitted: ModelFit, *, with_sums: bool = True
) -> dict[str, Threshold]:
    """Return ω_ij of a fit by pair, for the atom of the first run: true frequencies, no settings.

    The intervals are those of everything that the fit moved: the profile of the lightest mass, and at each of
    its values the splittings that float. With three masses they come from profiles of m_i + m_j.
    """
    e_eg_eV = data.first_target.atom.e_eg_eV
    best = best_thresholds_eV(fitted, e_eg_eV)
    if hypothesis.masses is Masses.THREE:
        ends = {
            pair: _ends_of_sum(data, question, hypothesis, fitted, pair) if with_sums or i == j else []
            for pair, (i, j) in PAIRS.items()
        }
        # regions rise with the mass, thresholds fall
        found = {
            pair: [tuple(threshold_eV(region, e_eg_eV)[::-1].tolist()) for region in reversed(ends[pair])]
            for pair in PAIRS
        }
    else:
        found = regions_of_thresholds(fitted, e_eg_eV, delta_q_of_level(question.level))
    return {pair: Threshold(value=best.get(pair), intervals=tuple(found[pair])) for pair in PAIRS}


def best_thresholds_eV(fitted: ModelFit, e_eg_eV: float) -> dict[str, float]:
    """Return ω_ij of a fit by pair, eV, for an atom with this E_eg; none whose masses the data do not see."""
    unseen = {parameter.name for parameter in fitted.floating if not parameter.seen}
    at = model_fitted(fitted).neutrinos(fitted.setup.theta[None]).thresholds_eV(e_eg_eV)[0]
    return {
        pair: float(at[place])
        for pair, place in PAIRS.items()
        if not unseen & {"lightest_mass_eV", *(f"m{k + 1}_eV" for k in place)}
    }


def _ends_of_sum(
    data: Data, question: Question, hypothesis: Hypothesis, fitted: ModelFit, pair: str
) -> list[tuple[float, float]]:
    """Return the interval of m_i + m_j, eV, a list of regions (lower, upper)."""
    i, j = (place + 1 for place in PAIRS[pair])
    masses = [fitted.parameter(f"m{k}_eV").intervals for k in (i, j)]
    regions = [mass.regions for mass in masses if mass is not None]
    if len(regions) < 2:
        return []
    if i == j:
        return [(2 * r.lower, 2 * r.upper) for r in regions[0]]
    if any(region.upper_open for region in (*regions[0], *regions[1])):
        # along a mass that nothing bounds no profile is to be trusted; the sum is between those of the ends
        low, high = (sum(end) for end in zip(*((r[0].lower, r[-1].upper) for r in regions), strict=True))
        return [(low, high)]
    offered, treatment = problem_of(data.experiment, question, hypothesis)
    values = {p.name: p.value for p in fitted.parameters}
    model = MassSum(whole=offered.starting(values), i=i, j=j)
    free = tuple(model.name if name == f"m{i}_eV" else name for name in treatment.free)
    setup = Setup.of(model, Treatment(free=free, fixed=treatment.fixed, constrained=treatment.constrained))
    if model.name not in setup.names:
        return []
    values[model.name] = values[f"m{i}_eV"] + values[f"m{j}_eV"]
    setup = setup.moved(np.array([values[p.name] for p in model.parameters]))
    curve = ProfileCurve.of(setup, np.asarray(data.fitted.counts), fitted.minus_two_ln_L)
    found, _, _ = regions_of(curve, model.name, curve.error(model.name), delta_q_of_level(question.level))
    return [(region.lower, region.upper) for region in found]
