"""What a laser step emits: one table over (neutrino pair, cell of the laser line) to draw events from.

A sharp line has one cell per pair. A broad one is cut into cells of the panels that its average is
integrated in (`renp_sim.physics.panels`), so they follow thresholds and resonances as closely as it does.
Inside a cell the density in t = sqrt(q² − s₊) and cosθ* is linear in t: the sum of what falls to 0 from one
end and from the other, each with the bracket of its end, and so each cell has two entries.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.generator.sampling import AliasTable, CosineTable
from renp_sim.physics.current import Bracket
from renp_sim.physics.kinematics import Kinematics, PairMasses
from renp_sim.physics.line_cuts import line_panels
from renp_sim.physics.neutrino import Nature
from renp_sim.physics.panels import Lines, Panel
from renp_sim.physics.rates import Emission, checked_bracket, pair_spectrum

__all__ = ["Source", "sharp_sources", "source_of"]


BODY_CELLS, FEATURE_CELLS = 256, 512
"""Cells of a pair in even panels, an eighth of σ or less (test_cells_are_an_eighth_of_the_line), and in those
around thresholds and poles."""


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
        Draws the entry (pair, end of a cell) of an event; None if no pair is open.
    cosine
        Draws cosθ* for an entry.
    nu_i, nu_j
        Mass eigenstates of an entry, 1…3; Majorana pairs have i ≤ j.
    root_eV, root_width_eV
        The entry's end of its cell in t = sqrt(q² − s₊), eV, and the way to the other end, of either sign,
        where its density falls to 0.
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
    root_eV: FloatArray
    root_width_eV: FloatArray
    s_plus_eV2: FloatArray
    s_minus_eV2: FloatArray
    difference_eV2: FloatArray

    def __len__(self) -> int:
        return len(self.nu_i)


def source_of(omega_eV: float, linewidth_eV: float, emission: Emission) -> Source:
    """Return the source of a step with a sharp line (σ = 0) or a Gaussian one.

    Raises
    ------
    NumericsError
        If an open pair reaches a pole that neither its width nor the line resolves.
    """
    if linewidth_eV == 0:
        return sharp_sources(np.array([omega_eV]), emission)[0]
    lines = line_panels(np.array([omega_eV]), np.array([linewidth_eV]), emission)
    parts = [part for panel in lines.panels for part in _cells(lines, panel)]
    weight, root, width, a0, a1, a2 = (
        np.concatenate(columns)
        for columns in zip(*((*part[:3], *part.bracket) for part in parts), strict=True)
    )
    entries = _Entries(weight, root, width, (a0, a1, a2))
    return _sources(np.array([omega_eV]), np.zeros(len(weight), dtype=np.intp), entries, emission)[0]


def sharp_sources(omega_eV: FloatArray, emission: Emission) -> list[Source]:
    """Return the sources of steps with sharp lines at some frequencies, shape (n,), each as if alone.

    Raises
    ------
    NumericsError
        If an open pair reaches a pole that its width does not resolve.
    """
    atom = emission.target.atom
    kinematics = Kinematics.at(omega_eV, emission.neutrinos, e_eg_eV=atom.e_eg_eV, f_l=emission.target.f_l)
    bracket = checked_bracket(kinematics, emission)
    root = np.sqrt(kinematics.excess_eV2)
    weight = pair_spectrum(kinematics, bracket, atom.e_vg_eV)
    entries = _Entries(weight, root, np.zeros_like(root), bracket)
    return _sources(omega_eV, np.arange(len(omega_eV)), entries, emission, is_sharp=True)


def _sources(
    omega_eV: FloatArray, step: IndexArray, entries: "_Entries", emission: Emission, *, is_sharp: bool = False
) -> list[Source]:
    """Return a source for each frequency (n,) of entries that belong to step 0 … n − 1, in rising order."""
    weight = _physical_states(entries.weight, emission.neutrinos.nature)
    cell, i, j = entry = np.nonzero(weight > 0)
    pairs = PairMasses.of(emission.neutrinos, frequency_axis=False)
    cosine = CosineTable.of(*(a[entry] for a in entries.bracket))
    weight = weight[entry]
    columns: dict[str, NDArray[Any]] = {
        "nu_i": (i + 1).astype(np.int8),
        "nu_j": (j + 1).astype(np.int8),
        "root_eV": entries.root_eV[entry],
        "root_width_eV": entries.root_width_eV[entry],
        "s_plus_eV2": pairs.s_plus_eV2[i, j],
        "s_minus_eV2": pairs.s_minus_eV2[i, j],
        "difference_eV2": pairs.split_eV2[i, j],
    }
    ends = np.searchsorted(step[cell], np.arange(len(omega_eV) + 1)).tolist()
    return [
        Source(
            omega_eV=omega,
            e_eg_eV=emission.target.atom.e_eg_eV,
            is_sharp=is_sharp,
            choice=AliasTable.of(weight[own]) if own.stop > own.start else None,
            cosine=cosine.take(own),
            **{name: values[own] for name, values in columns.items()},
        )
        for omega, own in zip(omega_eV.tolist(), map(slice, ends[:-1], ends[1:]), strict=True)
    ]


class _Entries(NamedTuple):
    """Entries of all pairs, shape (entries, 3, 3), as `Source` describes them."""

    weight: FloatArray
    root_eV: FloatArray
    root_width_eV: FloatArray
    bracket: Bracket


def _cells(lines: Lines, panel: Panel) -> tuple[_Entries, _Entries]:
    """Cut a panel of one line evenly, and return the lower and the upper ends of its cells.

    What a cell holds is Simpson's sum over its ends and its middle.
    """
    n_cells = BODY_CELLS if panel.scale_eV is None else FEATURE_CELLS
    points = lines.at(panel, np.linspace(-1.0, 1.0, 2 * n_cells + 1))
    bracket = checked_bracket(points.kinematics, lines.emission)
    spectrum = pair_spectrum(points.kinematics, bracket, lines.emission.target.atom.e_vg_eV)
    density = (points.density * spectrum)[:, 0]
    share = density * points.slope_eV[:, 0]
    inside = (share[:-1:2] + 4 * share[1::2] + share[2::2]) / (3 * n_cells)
    root, density = points.root_eV[::2, 0], density[::2]
    a0, a1, a2 = (a[::2, 0] for a in bracket)
    width, both = np.diff(root, axis=0), density[1:] + density[:-1]
    per_density = np.divide(inside, both, out=np.zeros_like(both), where=both > 0)

    def ends(at: slice, to_other: FloatArray) -> _Entries:
        return _Entries(per_density * density[at], root[at], to_other, (a0[at], a1[at], a2[at]))

    return ends(slice(None, -1), width), ends(slice(1, None), -width)


def _physical_states(weight: FloatArray, nature: Nature) -> FloatArray:
    """Fold the ordered pairs (j, i) of Majorana neutrinos onto the state i < j."""
    if nature is Nature.DIRAC:
        return weight
    return np.triu(weight) + np.triu(np.swapaxes(weight, -1, -2), 1)
