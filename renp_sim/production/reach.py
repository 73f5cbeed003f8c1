"""What a sample can be reweighted to: its own photons under another hypothesis, and nothing else.

Mixing angles, phases, couplings, the interaction, the spin tensor, densities and coherence may change. What
moves the photons or the neutrinos (atom, masses, laser, shape of the target), relabels them (nature), or
needs events that the sample has not, cannot be done by weights.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from detector.response import NEVER_DEAD
from renp_sim.arrays import FloatArray
from renp_sim.physics.line import LINE_REACH, mean_spectral_function
from renp_sim.physics.line_cuts import line_panels
from renp_sim.physics.rates import Emission
from renp_sim.prediction.exposure import exposure_of
from renp_sim.runfile.run import Run

__all__ = ["other_neutrinos", "uncovered"]


RESOLVED = 0.1
"""Half width of a resonance, in line widths, from which on photons all over the line sample it too."""

NEGLIGIBLE = 1e-6
"""Share of a resonance in |D|² of a line from which on it is worth points of its own."""

INSTEAD = "generate the sample instead"


def uncovered(generated: Run, wanted: Run, omega_eV: FloatArray, linewidth_eV: FloatArray) -> list[str]:
    """Return why weights cannot turn a sample into another hypothesis, a line each; empty if they can.

    Parameters
    ----------
    generated, wanted
        The run that made the sample, and the other one.
    omega_eV, linewidth_eV
        True frequency and σ of the sample's steps, shape (n,).

    Raises
    ------
    NumericsError
        If a step sits on a pole that nothing resolves.
    """
    return _fixed_problems(generated, wanted) or _phase_space_problems(
        generated.emission, wanted.emission, omega_eV, linewidth_eV
    )


def other_neutrinos(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return why a sample of some neutrinos, by their sections, is none of other ones, a line each."""
    reasons = {
        "ordering": "another ordering has other masses, and so other thresholds and momenta: "
        "no weight changes them",
        "nature": "pairs of Dirac neutrinos are ordered, with labels i > j too, those of Majorana neutrinos "
        "are not: no weight turns one into the other",
    }
    return [
        f"neutrino.{key} = {new[key]}: the sample is {old[key]}: {why}; {INSTEAD}"
        for key, why in reasons.items()
        if old[key] != new[key]
    ]


def _fixed_problems(generated: Run, wanted: Run) -> list[str]:
    """Return why the photons and neutrinos of the sample would not be where they are."""
    old, new = generated.resolved(), wanted.resolved()
    problems = [
        f"[{section}] differs: weights change neutrino mixing, interaction, spin tensor, densities and "
        f"coherence, and nothing of how the photons were recorded; {INSTEAD}"
        for section in ("laser", "detector", "background", "drift", "output")
        if old.get(section) != new.get(section)
    ]
    if old["run"]["seed"] != new["run"]["seed"]:
        problems.append(f"run.seed = {new['run']['seed']}: another seed is another sample; {INSTEAD}")
    before, after = generated.emission, wanted.emission
    levels = [(e.target.atom.e_eg_eV, e.target.atom.e_vg_eV) for e in (before, after)]
    if levels[0] != levels[1]:
        problems.append(
            f"target.atom: levels E_eg, E_vg = {levels[1]} eV differ from the sample's {levels[0]} eV, "
            f"which its kinematics is made of; {INSTEAD}"
        )
    for key in ("volume_cm3", "length_cm"):
        if old["target"][key] != new["target"][key]:
            problems.append(
                f"target.{key} = {new['target'][key]}: the sample has {old['target'][key]}, "
                f"and its emission points lie in that; {INSTEAD}"
            )
    problems += other_neutrinos(old["neutrino"], new["neutrino"])
    is_of_ordering = old["neutrino"]["ordering"] == new["neutrino"]["ordering"]
    if is_of_ordering and not np.array_equal(before.neutrinos.masses_eV, after.neutrinos.masses_eV):
        problems.append(
            f"neutrino masses = {_listed(after.neutrinos.masses_eV)} eV: the sample has "
            f"{_listed(before.neutrinos.masses_eV)} eV, and other masses change thresholds and momenta, "
            f"which a weight cannot; {INSTEAD}"
        )
    return problems or _background_problems(generated, wanted)


def _background_problems(generated: Run, wanted: Run) -> list[str]:
    """Return which background would have another rate, since its photons keep the weight 1."""
    targets = [setup.emission.target for setup in (generated, wanted)]
    names = ("density_cm3", "photon_density_cm3", "coherence")
    if all(getattr(targets[0], name) == getattr(targets[1], name) for name in names):
        return []
    # rates before dead time
    detector = replace(generated.detector, dead_time=NEVER_DEAD)
    rates = [
        exposure_of(run.schedule, run.emission.target, detector).background_rate_hz
        for run in (generated, wanted)
    ]
    changed = np.any(rates[0] != rates[1], axis=0)
    return [
        f"background {component.name!r}: its rate changes with density or coherence, but background photons "
        f"keep the weight 1; {INSTEAD}"
        for component, differs in zip(generated.detector.backgrounds, changed, strict=True)
        if differs
    ]


def _phase_space_problems(
    generated: Emission, wanted: Emission, omega_eV: FloatArray, linewidth_eV: FloatArray
) -> list[str]:
    """Return where the new hypothesis has photons that the sample has not."""
    if generated.target.coherence == 0 and wanted.target.coherence > 0:
        return [f"target.coherence = {wanted.target.coherence}: the sample has none, so no signal; {INSTEAD}"]
    problems = [
        line for emission in (generated, wanted) for line in _resonances(emission, omega_eV, linewidth_eV)
    ]
    if problems:
        return problems
    old, new = (mean_spectral_function(omega_eV, linewidth_eV, e) for e in (generated, wanted))
    opened = (old == 0) & (new > 0)
    for i, j in np.argwhere(np.any(opened, axis=0)):
        step = int(np.argmax(opened[:, i, j]))
        problems.append(
            f"steps[{step}] at ω = {omega_eV[step]} eV: the sample has no pair {i + 1}{j + 1}, which the new "
            f"hypothesis emits with I = {new[step, i, j]:.3g}: phase space that it does not cover; {INSTEAD}"
        )
    return problems


def _resonances(emission: Emission, omega_eV: FloatArray, linewidth_eV: FloatArray) -> list[str]:
    """Return the resonances that a laser line hides: one line each, for the first step."""
    broad = np.flatnonzero(linewidth_eV > 0)
    problems = []
    for pole in emission.interaction.poles(emission.neutrinos) if len(broad) else ():
        lines = line_panels(omega_eV[broad], linewidth_eV[broad], emission)
        s, g = lines.sigma_eV2, pole.mass_eV * pole.width_eV
        x = np.abs(lines.centre_eV2) / s
        # beyond the line it still shines through the tail if it is narrow enough
        shines = (x < LINE_REACH) | (np.exp(-(x**2) / 2) * s * x**2 > NEGLIGIBLE * g)
        hidden = np.any(lines.at_pole & shines & (g < RESOLVED * s), axis=(-2, -1))
        if np.any(hidden):
            step = int(broad[np.argmax(hidden)])
            problems.append(
                f"steps[{step}] at ω = {omega_eV[step]} eV: its line holds the resonance of "
                f"{emission.interaction.name} at M = {pole.mass_eV} eV, far narrower than the line: photons "
                f"inside it are phase space of their own, which no weight fills; {INSTEAD}"
            )
    return problems


def _listed(values: FloatArray) -> str:
    return f"[{', '.join(f'{value:.6g}' for value in values)}]"
