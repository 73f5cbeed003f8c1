"""What a run file allows, but hardly means: a line each."""

from collections.abc import Iterable

import numpy as np

from detector.background import Origin
from detector.response import Detector
from renp_sim.errors import listed
from renp_sim.laser.schedule import Schedule, StepKind
from renp_sim.physics.atom import Atom, rates_with_spin_factor_hz
from renp_sim.physics.line import LINE_REACH
from renp_sim.physics.rates import Emission

__all__ = ["atom_notes", "blind_notes", "notes_of"]

MOST_NAMED = 3


def notes_of(schedule: Schedule, emission: Emission, detector: Detector) -> tuple[str, ...]:
    """Return a line for each QED background that coherent steps cannot see, since they lie beyond its end."""
    e_eg_eV = emission.target.atom.e_eg_eV
    coherent = (schedule.kind == StepKind.SIGNAL) & (schedule.coherence * emission.target.coherence > 0)
    beyond = coherent & (schedule.omega_eV - LINE_REACH * schedule.linewidth_eV > e_eg_eV / 2)
    if not np.any(beyond):
        return ()
    omega = [f"{omega_eV:.9g}" for omega_eV in np.unique(schedule.omega_eV[beyond]).tolist()]
    last = float(np.max(emission.neutrinos.thresholds_eV(e_eg_eV)))
    control = f"between the last threshold, {last:.9g} eV, and " if last > 0 else "below "
    return tuple(
        f"coherent steps at ω = {listed(omega, MOST_NAMED, 'eV')} see nothing of background "
        f"{component.name!r}: QED emission ends at E_eg/2 = {e_eg_eV / 2:.9g} eV, as that of neutrino pairs "
        f"does; its control step lies {control}that"
        for component in detector.backgrounds
        if component.origin is Origin.QED
    )


def atom_notes(atoms: Iterable[Atom]) -> tuple[str, ...]:
    """Return a line for each atom whose Γ_ref is known to be too large."""
    known = [(atom, rates_with_spin_factor_hz(atom)) for atom in dict.fromkeys(atoms)]
    return tuple(
        f"Γ_ref of {atom.name}, {atom.gamma_ref_hz:.2g} s⁻¹, leaves out the spin factor of its transition: "
        f"with it {rates[0]:.2g} to {rates[-1]:.2g} s⁻¹ and rates are {atom.gamma_ref_hz / rates[-1]:.0f} to "
        f"{atom.gamma_ref_hz / rates[0]:.0f} times lower; gamma_ref_hz in a table [target.atom] states one"
        for atom, rates in known
        if rates
    )


def blind_notes(detector: Detector, hidden_offset_eV: float) -> tuple[str, ...]:
    """Return a line if the energies of photons show what a blind file hides.

    Parameters
    ----------
    detector
        Its resolution smears the energies.
    hidden_offset_eV
        How large the hidden offset of the frequencies typically is.
    """
    width_eV = detector.resolution.width_eV
    if width_eV > hidden_offset_eV:
        return ()
    return (
        f"blind: photons have their energies to {width_eV:g} eV, which shows the offset of the laser, and "
        "which photons are of its line; detector.resolution smears them",
    )
