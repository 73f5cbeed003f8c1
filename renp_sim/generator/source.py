"""What a laser step emits: one table over (neutrino pair, cell of the laser line) to draw events from.

A sharp line has one cell per pair. A broad one is cut into cells that are even in t = sqrt(q² − s₊), in
which the rate is smooth down to the threshold; the bracket is taken at the middle of a cell.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renp_sim.generator.sampling import AliasTable, CosineTable
from renp_sim.physics.current import Bracket
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.line import LINE_REACH
from renp_sim.physics.neutrino import Nature
from renp_sim.physics.rates import Emission, checked_bracket, pair_spectrum

__all__ = ["Source", "source_of"]

FloatArray = NDArray[np.float64]

LINE_CELLS = 256
"""Cells per pair over the line: the density is even inside a sixteenth of σ."""

CELL_NODES = 4
"""Gauss–Legendre points per cell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """Signal emission in one laser step.

    Parameters
    ----------
    omega_eV
        Centre of the line.
    is_sharp
        Whether every photon has the energy `omega_eV`.
    choice
        Draws the entry (pair, cell) of an event; None if no pair is open.
    cosine
        Draws cosθ* for an entry.
    nu_i, nu_j
        Mass eigenstates of an entry, 1…3; Majorana pairs have i ≤ j.
    root_low_eV, root_width_eV
        Lower end and width of the entry's cell in t = sqrt(q² − s₊), eV.
    s_plus_eV2, s_minus_eV2, difference_eV2
        (m_i + m_j)², (m_i − m_j)² and m_i² − m_j² of an entry.
    """

    omega_eV: float
    e_eg_eV: float
    is_sharp: bool
    choice: AliasTable | None
    cosine: CosineTable
    nu_i: NDArray[np.int8]
    nu_j: NDArray[np.int8]
    root_low_eV: FloatArray
    root_width_eV: FloatArray
    s_plus_eV2: FloatArray
    s_minus_eV2: FloatArray
    difference_eV2: FloatArray


def source_of(omega_eV: float, linewidth_eV: float, emission: Emission) -> Source:
    """Return the source of a step with a sharp line (σ = 0) or a Gaussian one."""
    if linewidth_eV == 0:
        kinematics, weight, bracket, low, width = _sharp(omega_eV, emission)
    else:
        kinematics, weight, bracket, low, width = _cells(omega_eV, linewidth_eV, emission)
    weight = _physical_states(weight, emission.neutrinos.nature)
    cell, i, j = np.nonzero(weight > 0)
    entry = (cell, i, j)

    def pick(array: FloatArray) -> FloatArray:
        return np.broadcast_to(array, weight.shape)[entry]

    masses = kinematics
    return Source(
        omega_eV=omega_eV,
        e_eg_eV=emission.target.atom.e_eg_eV,
        is_sharp=linewidth_eV == 0,
        choice=AliasTable.of(weight[entry]) if len(i) else None,
        cosine=CosineTable.of(*(pick(a) for a in bracket)),
        nu_i=(i + 1).astype(np.int8),
        nu_j=(j + 1).astype(np.int8),
        root_low_eV=pick(low),
        root_width_eV=pick(width),
        s_plus_eV2=pick(masses.s_plus_eV2),
        s_minus_eV2=pick(masses.s_minus_eV2),
        difference_eV2=pick(np.broadcast_to(emission.neutrinos.differences_eV2, weight.shape)),
    )


def _sharp(
    omega_eV: float, emission: Emission
) -> tuple[Kinematics, FloatArray, Bracket, FloatArray, FloatArray]:
    atom = emission.target.atom
    kinematics = Kinematics.at([omega_eV], emission.neutrinos, e_eg_eV=atom.e_eg_eV, f_l=emission.target.f_l)
    bracket = checked_bracket(kinematics, emission)
    root = np.sqrt(kinematics.excess_eV2)
    return kinematics, pair_spectrum(kinematics, bracket, atom.e_vg_eV), bracket, root, np.zeros_like(root)


def _cells(
    omega_eV: float, sigma_eV: float, emission: Emission
) -> tuple[Kinematics, FloatArray, Bracket, FloatArray, FloatArray]:
    """Return kinematics, weights and brackets of the cells, shape (cells, 3, 3), and their ends in t."""
    atom, neutrinos = emission.target.atom, emission.neutrinos
    line = np.array([[[omega_eV]]])
    centre = Kinematics.at(omega_eV, neutrinos, e_eg_eV=atom.e_eg_eV).signed_excess_eV2
    reach = 2 * atom.e_eg_eV * LINE_REACH * sigma_eV
    first = np.sqrt(np.maximum(centre - reach, 0.0))
    last = np.sqrt(np.maximum(centre + reach, 0.0))
    width = (last - first) / LINE_CELLS
    cells = np.arange(LINE_CELLS)[:, None, None]
    low = first + width * cells

    def at_root(root: FloatArray) -> Kinematics:
        return Kinematics.at_excess(
            root**2,
            neutrinos,
            e_eg_eV=atom.e_eg_eV,
            f_l=emission.target.f_l,
            line_omega_eV=line,
            line_sigma_eV=np.full_like(line, sigma_eV),
        )

    weight = np.zeros_like(low)
    for x, w in zip(*np.polynomial.legendre.leggauss(CELL_NODES), strict=True):
        root = low + width * (x + 1) / 2
        kinematics = at_root(root)
        xi = (centre - root**2) / (2 * atom.e_eg_eV * sigma_eV)
        rate = pair_spectrum(kinematics, checked_bracket(kinematics, emission), atom.e_vg_eV)
        weight += w * root * np.exp(-(xi**2) / 2) * rate * width
    middle = at_root(low + width / 2)
    return middle, weight, checked_bracket(middle, emission), low, np.broadcast_to(width, low.shape)


def _physical_states(weight: FloatArray, nature: Nature) -> FloatArray:
    """Fold the ordered pairs (j, i) of Majorana neutrinos onto the state i < j."""
    if nature is Nature.DIRAC:
        return weight
    return np.triu(weight) + np.triu(np.swapaxes(weight, -1, -2), 1)
