"""What follows from a fit: the neutrinos, the profile of the lightest mass, the six thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from renp_sim.analysis.floating import Setup, Treatment
from renp_sim.analysis.infer.fit import FitResult, ModelFit
from renp_sim.analysis.infer.profile import profile
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.intervals import delta_q_of_level
from renp_sim.app.data import Data
from renp_sim.app.fitting import fit_data, problem_of
from renp_sim.app.hypothesis import MASS_NAMES, Hypothesis, Masses
from renp_sim.app.question import Question
from renp_sim.arrays import FloatArray
from renp_sim.physics.neutrino import Neutrinos, threshold_eV
from renp_sim.physics.pairs import PAIRS
from renp_sim.prediction.mass_sum import MassSum

__all__ = ["FitReport", "Threshold", "fit_report", "fitted_neutrinos", "mass_profile", "thresholds_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """ω_ij of a fit, eV, and its interval, a list of regions (low, high); empty where nobody asked for it."""

    value: float
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
    """

    question: Question
    data: Data
    result: FitResult
    thresholds: Mapping[str, Mapping[str, Threshold]]

    def hypothesis(self, fitted: ModelFit) -> Hypothesis:
        """Return the hypothesis of one of the fits."""
        known = self.question.hypotheses(self.data.assumptions.nature)
        return next(hypothesis for hypothesis in known if hypothesis.label == fitted.label)

    def as_dict(self) -> dict[str, Any]:
        """Return what `fit --json` prints."""
        thresholds = {
            label: {
                pair: {"value": found.value, "intervals": [list(region) for region in found.intervals]}
                for pair, found in rows.items()
            }
            for label, rows in self.thresholds.items()
        }
        return self.result.as_dict() | {"thresholds_eV": thresholds, "notes": list(self.data.notes)}


def fit_report(data: Data, question: Question) -> FitReport:
    """Fit the data and derive the thresholds.

    With three free masses the intervals of the sums m_i + m_j cost a profile each, so only the best
    hypothesis has them.

    Raises
    ------
    ConfigError, FitError
        As `fit_data` does.
    """
    result = fit_data(data, question)
    hypotheses = question.hypotheses(data.assumptions.nature)
    return FitReport(
        question=question,
        data=data,
        result=result,
        thresholds={
            fitted.label: thresholds_of(data, question, hypothesis, fitted, with_sums=fitted is result.best)
            for hypothesis, fitted in zip(hypotheses, result.fits, strict=True)
        },
    )


def fitted_neutrinos(data: Data, hypothesis: Hypothesis, fitted: ModelFit) -> Neutrinos:
    """Return the neutrinos of a fit at its best masses; all else is that of its hypothesis."""
    oscillation = hypothesis.oscillation(data.assumptions.oscillation)
    values = [fitted.parameter(name).value for name in MASS_NAMES[hypothesis.masses]]
    if hypothesis.masses is Masses.LIGHTEST:
        return Neutrinos.from_lightest_mass(values[0], oscillation, hypothesis.nature)
    return Neutrinos.from_masses(values, oscillation, hypothesis.nature)


def mass_profile(
    data: Data, question: Question, hypothesis: Hypothesis, fitted: ModelFit, values_eV: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return −2 ln L over the lightest mass with all else that floated fitted anew.

    Returns
    -------
    tuple
        Kinks inside the range, all points with the kinks and the best value among them, −2 ln L there.
    """
    (name,) = MASS_NAMES[Masses.LIGHTEST]
    model, treatment = problem_of(data, question, hypothesis)
    theta = np.array([fitted.parameter(p.name).value for p in model.parameters])
    kinks = model.kinks(name, theta)
    kinks = kinks[(kinks > values_eV[0]) & (kinks < values_eV[-1])]
    points = np.union1d(values_eV, [*kinks, fitted.parameter(name).value])
    found = profile(
        data.observation,
        model,
        {name: points},
        free=[free for free in treatment.free if free != name],
        fix=treatment.fixed,
        constrain=treatment.constrained,
    )
    return kinks, points, found.q


def thresholds_of(
    data: Data, question: Question, hypothesis: Hypothesis, fitted: ModelFit, *, with_sums: bool = True
) -> dict[str, Threshold]:
    """Return ω_ij of a fit by pair, for the atom of the first run.

    Each ω_ij falls as the lightest mass grows, and ω_ii as m_i does, so the ends of the mass intervals are
    those of the thresholds. With three masses the others come from profiles of m_i + m_j.
    """
    e_eg_eV = data.first_target.atom.e_eg_eV
    best = fitted_neutrinos(data, hypothesis, fitted).thresholds_eV(e_eg_eV)
    if hypothesis.masses is Masses.THREE:
        ends = {
            pair: _ends_of_sum(data, question, hypothesis, fitted, pair) if with_sums or i == j else []
            for pair, (i, j) in PAIRS.items()
        }
        found = {pair: [threshold_eV(region, e_eg_eV) for region in ends[pair]] for pair in PAIRS}
    else:
        mass = fitted.parameter(MASS_NAMES[Masses.LIGHTEST][0])
        regions = mass.intervals.regions if mass.intervals is not None else ()
        oscillation = hypothesis.oscillation(data.assumptions.oscillation)
        # a mass that nothing bounds makes pairs that no photon energy is left for
        at_ends = [
            np.maximum(Neutrinos.from_lightest_mass(np.array(ends), oscillation).thresholds_eV(e_eg_eV), 0.0)
            for ends in ((region.lower, region.upper) for region in regions)
        ]
        found = {pair: [ends[:, i, j] for ends in at_ends] for pair, (i, j) in PAIRS.items()}
    return {
        pair: Threshold(
            value=float(best[place]),
            # regions rise with the mass, thresholds fall
            intervals=tuple((float(high), float(low)) for low, high in reversed(found[pair])),
        )
        for pair, place in PAIRS.items()
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
    offered, treatment = problem_of(data, question, hypothesis)
    values = {p.name: p.value for p in fitted.parameters}
    model = MassSum(whole=offered.starting(values), i=i, j=j)
    free = tuple(model.name if name == f"m{i}_eV" else name for name in treatment.free)
    setup = Setup.of(model, Treatment(free=free, fixed=treatment.fixed, constrained=treatment.constrained))
    if model.name not in setup.names:
        return []
    values[model.name] = values[f"m{i}_eV"] + values[f"m{j}_eV"]
    setup = setup.moved(np.array([values[p.name] for p in model.parameters]))
    curve = ProfileCurve.of(setup, np.asarray(data.observation.counts), fitted.minus_two_ln_L)
    found, _, _ = curve.regions(model.name, curve.error(model.name), delta_q_of_level(question.level))
    return [(region.lower, region.upper) for region in found]
