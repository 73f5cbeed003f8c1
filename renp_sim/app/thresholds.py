"""What follows from a fit: the neutrinos, the profile of the lightest mass, the six thresholds."""

from typing import Any

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.fit import ModelFit
from renp_sim.analysis.infer.profile import profile
from renp_sim.analysis.infer.profile_curve import ProfileCurve
from renp_sim.analysis.intervals import delta_q_of_level
from renp_sim.app.fitting import Data, model_of, oscillation_of
from renp_sim.app.question import THREE_MASSES, Floating, Masses, Question
from renp_sim.arrays import FloatArray
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering
from renp_sim.prediction.mass_sum import MassSum

__all__ = ["fitted_neutrinos", "mass_profile", "thresholds_of"]


def fitted_neutrinos(data: Data, fitted: ModelFit) -> Neutrinos:
    """Return the neutrinos of a fit at its best masses; all else is that of its hypothesis."""
    ordering, nature = fitted.label.split("/")
    oscillation = oscillation_of(data, Ordering(ordering))
    values = {p.name: p.value for p in fitted.parameters}
    if "lightest_mass_eV" in values:
        return Neutrinos.from_lightest_mass(values["lightest_mass_eV"], oscillation, Nature(nature))
    return Neutrinos.from_masses([values[name] for name in THREE_MASSES], oscillation, Nature(nature))


def mass_profile(
    data: Data, question: Question, fitted: ModelFit, values_eV: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return −2 ln L over the lightest mass with all else that floated fitted anew.

    Returns
    -------
    tuple
        Kinks inside the range, all points with the kinks and the best value among them, −2 ln L there.
    """
    name = "lightest_mass_eV"
    whole = model_of(data, fitted.label, Masses.LIGHTEST)
    floating = Floating.of(question, whole)
    model = whole.offering(floating.names)
    theta = np.array([fitted.parameter(p.name).value for p in model.parameters])
    kinks = model.kinks(name, theta)
    kinks = kinks[(kinks > values_eV[0]) & (kinks < values_eV[-1])]
    points = np.union1d(values_eV, [*kinks, fitted.parameter(name).value])
    found = profile(
        data.observation,
        model,
        {name: points},
        free=[free for free in floating.free if free != name],
        fix=floating.fix,
        constrain=floating.constrain,
    )
    return kinks, points, found.q


def thresholds_of(
    data: Data, question: Question, fitted: ModelFit, *, with_sums: bool = True
) -> dict[str, dict[str, Any]]:
    """Return ω_ij of a fit, eV, with a list of intervals, by pair `11` … `33`, for the atom of the first run.

    Each ω_ij falls as the lightest mass grows, and ω_ii as m_i does, so the ends of the mass intervals are
    those of the thresholds. With three masses the others come from profiles of m_i + m_j.
    """
    e_eg_eV = data.setup.emission.target.atom.e_eg_eV
    oscillation = oscillation_of(data, Ordering(fitted.label.partition("/")[0]))
    if not any(p.name == "lightest_mass_eV" for p in fitted.parameters):
        return _thresholds_of_three(data, question, fitted, with_sums=with_sums)
    mass = fitted.parameter("lightest_mass_eV")

    def at(values: list[float]) -> FloatArray:
        return Neutrinos.from_lightest_mass(np.array(values), oscillation).thresholds_eV(e_eg_eV)

    best = at([mass.value])[0]
    regions = mass.intervals.regions if mass.intervals is not None else ()
    ends = at([end for region in regions for end in (region.upper, region.lower)]).reshape(-1, 2, 3, 3)
    # a mass that nothing bounds makes pairs that no photon energy is left for
    ends = np.maximum(ends, 0.0)
    return {
        f"{i + 1}{j + 1}": {
            "value": float(best[i, j]),
            # regions rise with the mass, thresholds fall
            "intervals": [[float(low), float(high)] for low, high in ends[::-1, :, i, j]],
        }
        for i in range(3)
        for j in range(i, 3)
    }


def _thresholds_of_three(
    data: Data, question: Question, fitted: ModelFit, *, with_sums: bool
) -> dict[str, dict[str, Any]]:
    """Return ω_ij where three masses floated: ω_ii from m_i, the others from profiles of m_i + m_j."""
    e_eg_eV = data.setup.emission.target.atom.e_eg_eV
    values = [fitted.parameter(name).value for name in THREE_MASSES]
    rows = {}
    for i in range(3):
        for j in range(i, 3):
            wanted = with_sums or i == j
            regions = _sum_regions(data, question, fitted, i + 1, j + 1) if wanted else []
            ends = [[e_eg_eV / 2 - end**2 / (2 * e_eg_eV) for end in reversed(r)] for r in reversed(regions)]
            total = values[i] + values[j]
            rows[f"{i + 1}{j + 1}"] = {"value": e_eg_eV / 2 - total**2 / (2 * e_eg_eV), "intervals": ends}
    return rows


def _sum_regions(
    data: Data, question: Question, fitted: ModelFit, i: int, j: int
) -> list[tuple[float, float]]:
    """Return the interval of m_i + m_j, eV, a list of regions."""
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
    whole = model_of(data, fitted.label, Masses.THREE)
    floating = Floating.of(question, whole)
    values = {p.name: p.value for p in fitted.parameters}
    joined = whole.offering(floating.names).starting(values)
    model = MassSum(whole=joined, i=i, j=j)
    free = [model.name if name == f"m{i}_eV" else name for name in floating.free]
    setup = Setup.of(model, free=free, fix=floating.fix, constrain=floating.constrain)
    if model.name not in setup.names:
        return []
    values[model.name] = values[f"m{i}_eV"] + values[f"m{j}_eV"]
    setup = setup.moved(np.array([values[p.name] for p in model.parameters]))
    curve = ProfileCurve.of(setup, np.asarray(data.observation.counts), fitted.minus_two_ln_L)
    found, _, _ = curve.regions(model.name, curve.error(model.name), delta_q_of_level(question.level))
    return [(region.lower, region.upper) for region in found]
