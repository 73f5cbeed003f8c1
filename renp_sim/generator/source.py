"""What a laser step emits: one table over (neutrino pair, cell of the laser line) to draw events from.

A sharp line has one cell per pair. A broad one is cut into cells of the panels that its average is
integrated in (`renp_sim.physics.panels`), so they follow thresholds and resonances as closely as it does.
Inside a cell the density in t = sqrt(q² − s₊) is linear, and the bracket is that of its middle.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import FloatArray
from renp_sim.generator.sampling import AliasTable, CosineTable
from renp_sim.physics.current import Bracket
from renp_sim.physics.kinematics import Kinematics, PairMasses
from renp_sim.physics.line_cuts import line_panels
from renp_sim.physics.neutrino import Nature
from renp_sim.physics.panels import Lines, Panel
from renp_sim.physics.rates import Emission, checked_bracket, pair_spectrum

__all__ = ["Source", "source_of"]


BODY_CELLS, FEATURE_CELLS = 256, 512
"""Cells of a pair in even panels, a sixteenth of σ or less, and in those around thresholds and poles."""


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
    tilt
        The density of t in the cell is 1 + tilt · x, x from −1 to 1.
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
    tilt: FloatArray
    s_plus_eV2: FloatArray
    s_minus_eV2: FloatArray
    difference_eV2: FloatArray


def source_of(omega_eV: float, linewidth_eV: float, emission: Emission) -> Source:
    """Return the source of a step with a sharp line (σ = 0) or a Gaussian one.

    Raises
    ------
    NumericsError
        If an open pair reaches a pole that neither its width nor the line resolves.
    """
    if linewidth_eV == 0:
        cells = _sharp(omega_eV, emission)
    else:
        lines = line_panels(np.array([omega_eV]), np.array([linewidth_eV]), emission)
        cells = _Cells.joined([_cells(lines, panel) for panel in lines.panels])
    weight = _physical_states(cells.weight, emission.neutrinos.nature)
    cell, i, j = np.nonzero(weight > 0)
    entry = (cell, i, j)
    pairs = PairMasses.of(emission.neutrinos, frequency_axis=False)
    return Source(
        omega_eV=omega_eV,
        e_eg_eV=emission.target.atom.e_eg_eV,
        is_sharp=linewidth_eV == 0,
        choice=AliasTable.of(weight[entry]) if len(i) else None,
        cosine=CosineTable.of(*(np.broadcast_to(a, weight.shape)[entry] for a in cells.bracket)),
        nu_i=(i + 1).astype(np.int8),
        nu_j=(j + 1).astype(np.int8),
        root_low_eV=cells.root_low_eV[entry],
        root_width_eV=cells.root_width_eV[entry],
        # where a density begins at 0, a random number of 0 must not divide by it
        tilt=np.minimum(cells.tilt[entry], 1 - 1e-12),
        s_plus_eV2=pairs.s_plus_eV2[i, j],
        s_minus_eV2=pairs.s_minus_eV2[i, j],
        difference_eV2=pairs.split_eV2[i, j],
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """Cells of all pairs, shape (cells, 3, 3), and their brackets, as `Source` describes its entries."""

    weight: FloatArray
    bracket: Bracket
    root_low_eV: FloatArray
    root_width_eV: FloatArray
    tilt: FloatArray

    @classmethod
    def joined(cls, parts: "list[_Cells]") -> "_Cells":
        def join(name: str) -> FloatArray:
            return np.concatenate([getattr(part, name) for part in parts])

        a0, a1, a2 = (np.concatenate(a) for a in zip(*(part.bracket for part in parts), strict=True))
        names = ("weight", "root_low_eV", "root_width_eV", "tilt")
        return cls(bracket=(a0, a1, a2), **{name: join(name) for name in names})


def _sharp(omega_eV: float, emission: Emission) -> _Cells:
    atom = emission.target.atom
    kinematics = Kinematics.at([omega_eV], emission.neutrinos, e_eg_eV=atom.e_eg_eV, f_l=emission.target.f_l)
    bracket = checked_bracket(kinematics, emission)
    root = np.sqrt(kinematics.excess_eV2)
    return _Cells(
        weight=pair_spectrum(kinematics, bracket, atom.e_vg_eV),
        bracket=bracket,
        root_low_eV=root,
        root_width_eV=np.zeros_like(root),
        tilt=np.zeros_like(root),
    )


def _cells(lines: Lines, panel: Panel) -> _Cells:
    """Cut a panel of one line evenly, with Simpson's rule in each cell: ends and middles in one call."""
    n_cells = BODY_CELLS if panel.scale_eV is None else FEATURE_CELLS
    points = lines.at(panel, np.linspace(-1.0, 1.0, 2 * n_cells + 1))
    bracket = checked_bracket(points.kinematics, lines.emission)
    spectrum = pair_spectrum(points.kinematics, bracket, lines.emission.target.atom.e_vg_eV)
    root, density = points.root_eV[:, 0], (points.density * spectrum)[:, 0]
    share = density * points.slope_eV[:, 0]
    first, last = density[:-1:2], density[2::2]
    a0, a1, a2 = (a[1::2, 0] for a in bracket)
    return _Cells(
        weight=(share[:-1:2] + 4 * share[1::2] + share[2::2]) / (3 * n_cells),
        bracket=(a0, a1, a2),
        root_low_eV=root[:-1:2],
        root_width_eV=np.diff(root[::2], axis=0),
        tilt=np.divide(last - first, last + first, out=np.zeros_like(first), where=last + first > 0),
    )


def _physical_states(weight: FloatArray, nature: Nature) -> FloatArray:
    """Fold the ordered pairs (j, i) of Majorana neutrinos onto the state i < j."""
    if nature is Nature.DIRAC:
        return weight
    return np.triu(weight) + np.triu(np.swapaxes(weight, -1, -2), 1)
