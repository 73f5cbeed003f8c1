"""What a laser step emits: one table over (neutrino pair, cell of the laser line) to draw events from.

A sharp line has one cell per pair. A broad one is cut into cells that are even in t = sqrt(q² − s₊), in
which the rate is smooth down to the threshold; the bracket is taken at the middle of a cell. A resonance
inside the line gets cells of its own: photons pile up at its frequency, as narrow as it is.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import FloatArray
from renp_sim.generator.sampling import AliasTable, CosineTable
from renp_sim.physics.current import Bracket
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.line import LINE_REACH, mean_spectral_function
from renp_sim.physics.neutrino import Nature
from renp_sim.physics.propagator import LineResonance, line_resonance
from renp_sim.physics.rates import Emission, checked_bracket, pair_spectrum

__all__ = ["Source", "source_of"]


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

    def at_excess(excess_eV2: FloatArray) -> Kinematics:
        return Kinematics.at_excess(
            excess_eV2,
            neutrinos,
            e_eg_eV=atom.e_eg_eV,
            f_l=emission.target.f_l,
            line_omega_eV=line,
            line_sigma_eV=np.full_like(line, sigma_eV),
        )

    sharp = Kinematics.at([omega_eV], neutrinos, e_eg_eV=atom.e_eg_eV)
    centre = at_excess(sharp.signed_excess_eV2)
    sigma_eV2 = 2 * atom.e_eg_eV * sigma_eV
    mesh = _mesh(centre, sigma_eV2, emission)

    def at(place: FloatArray) -> Kinematics:
        kinematics = at_excess(mesh.excess_eV2(place))
        return replace(kinematics, pole_offset_eV2=mesh.pole_offset_eV2(place))

    low, width = mesh.edges[:-1], np.diff(mesh.edges, axis=0)
    weight = np.zeros_like(low)
    for x, w in zip(*np.polynomial.legendre.leggauss(CELL_NODES), strict=True):
        place = low + width * (x + 1) / 2
        kinematics = at(place)
        xi = (centre.signed_excess_eV2 - mesh.excess_eV2(place)) / sigma_eV2
        rate = pair_spectrum(kinematics, checked_bracket(kinematics, emission), atom.e_vg_eV)
        weight += w * width * mesh.slope_eV2(place) * np.exp(-(xi**2) / 2) * rate
    if mesh.pole_excess_eV2 is not None:
        # the rate averages the propagator apart from the rest, up to a per cent off: it holds for the total
        total, average = np.sum(weight, axis=0), mean_spectral_function([omega_eV], sigma_eV, emission)[0]
        weight *= np.divide(average, total, out=np.zeros_like(total), where=total > 0)
    middle = at(low + width / 2)
    root = np.sqrt(np.maximum(mesh.excess_eV2(mesh.edges), 0.0))
    return middle, weight, checked_bracket(middle, emission), root[:-1], np.diff(root, axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class _Mesh:
    """Cells of a line in a coordinate in which the rate is smooth; edges of shape (cells + 1, 3, 3).

    Without a resonance it is t = sqrt(q² − s₊). With one it is u, q² − M² = MΓ sinh u, which is even in q²
    inside the resonance and in its logarithm outside, however narrow it is.
    """

    edges: FloatArray
    pole_excess_eV2: FloatArray | None = None
    """M² − s₊ of a resonance."""
    half_width_eV2: float = 0.0
    """MΓ."""

    def excess_eV2(self, place: FloatArray) -> FloatArray:
        """Return q² − s₊."""
        if self.pole_excess_eV2 is None:
            return place**2
        return self.pole_excess_eV2 + self.half_width_eV2 * np.sinh(place)

    def pole_offset_eV2(self, place: FloatArray) -> FloatArray | None:
        """Return q² − M², None without a resonance."""
        return None if self.pole_excess_eV2 is None else self.half_width_eV2 * np.sinh(place)

    def slope_eV2(self, place: FloatArray) -> FloatArray:
        """Return dq² over the coordinate."""
        return 2 * place if self.pole_excess_eV2 is None else self.half_width_eV2 * np.cosh(place)


def _mesh(centre: Kinematics, sigma_eV2: float, emission: Emission) -> _Mesh:
    """Return the cells of a line, for the kinematics at its centre; σ in q²."""
    excess = centre.signed_excess_eV2
    resonance = _resonance(centre, emission)
    reach = LINE_REACH * sigma_eV2
    if resonance is not None:
        # a strong resonance outshines the line from its tail
        reach = max(reach, abs(float(resonance.distance_eV2.item())) + sigma_eV2)
    first, last = (np.sqrt(np.maximum(excess + end, 0.0)) for end in (-reach, reach))
    share = np.linspace(0.0, 1.0, LINE_CELLS + 1)[:, None, None]
    even = first + (last - first) * share
    if resonance is None:
        return _Mesh(even)
    g = float(resonance.half_width_eV2.item())
    pole_excess = excess - resonance.distance_eV2
    even_u = np.arcsinh((even**2 - pole_excess) / g)
    low, high = even_u[:1], even_u[-1:]
    edges = np.sort(np.concatenate([even_u, low + (high - low) * share[1:-1]]), axis=0)
    return _Mesh(edges, pole_excess, g)


def _resonance(centre: Kinematics, emission: Emission) -> LineResonance | None:
    """Return the resonance that the line averages over, if there is one."""
    seen = (line_resonance(centre, pole) for pole in emission.interaction.poles(emission.neutrinos))
    return next((resonance for resonance in seen if resonance.is_averaged.item()), None)


def _physical_states(weight: FloatArray, nature: Nature) -> FloatArray:
    """Fold the ordered pairs (j, i) of Majorana neutrinos onto the state i < j."""
    if nature is Nature.DIRAC:
        return weight
    return np.triu(weight) + np.triu(np.swapaxes(weight, -1, -2), 1)
