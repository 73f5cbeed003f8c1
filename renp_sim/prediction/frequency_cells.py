"""The frequency axis cut at thresholds, and beside them, so that Ī has a short series in every cell."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.physics.neutrino import Neutrinos
from renp_sim.physics.pairs import PAIRS

__all__ = ["Cells", "cells_of"]

WIDTH_IN_LINES = 4.5
"""Of a cell that is within the reach of a threshold, in line widths."""

REACH_IN_LINES = 7.0
"""From where on a threshold is a square root, or nothing: the Gaussian is 2e-11 of its height there."""

ONSETS = 2.0
"""Width of the cell below the threshold of a sharp line, in distances to q² = (m_i − m_j)²."""

FINEST_EV = 1e-10
"""Least width of a cell: what a light neutrino does in less is too small to count."""

WIDEST_EV = 1e-2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Cells of many tables, rising in each.

    Parameters
    ----------
    key
        Number of the table, and at which share of its range the cell begins, shape (c,): rising.
    low, high
        Ends, eV.
    is_root
        Whether the upper end is the threshold of a sharp line, from which Ī goes like a square root.
    table
        Number of the table.
    """

    key: FloatArray
    low: FloatArray
    high: FloatArray
    is_root: BoolArray
    table: IndexArray

    @classmethod
    def none(cls) -> Self:
        """Return no cells."""
        nothing = np.empty(0)
        return cls(
            key=nothing,
            low=nothing,
            high=nothing,
            is_root=np.empty(0, dtype=np.bool_),
            table=np.empty(0, dtype=np.intp),
        )

    def shifted(self, first: int) -> "Cells":
        """Return the same of tables that are numbered from `first`."""
        return replace(self, key=self.key + first, table=self.table + first)

    def with_more(self, others: "Cells") -> "Cells":
        """Return these and cells of later tables."""
        names = ("key", "low", "high", "is_root", "table")
        return Cells(**{n: np.concatenate([getattr(self, n), getattr(others, n)]) for n in names})

    def inside(self, omega: FloatArray, cell: IndexArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return v in [−1, 1] of frequencies, and its first and second derivative, shape (c,) each."""
        low, high, is_root = self.low[cell], self.high[cell], self.is_root[cell]
        width = high - low
        part = np.clip((high - omega) / width, 0.0, 1.0)
        # on the very threshold the slope is infinite: that beside it will do
        root = np.sqrt(np.maximum(part, np.where(is_root, 1e-12, 0.0)))
        v = np.where(is_root, 2 * root - 1, 1 - 2 * part)
        safe = np.maximum(root, 1e-6)
        slope = np.where(is_root, -1 / (width * safe), 2 / width)
        bend = np.where(is_root, -0.5 / (width**2 * safe**3), 0.0)
        return v, slope, bend

    def outside(self, v: FloatArray, cell: IndexArray) -> FloatArray:
        """Return the frequencies of v (j,) in cells, shape (c, j)."""
        low, high, is_root = (a[cell, None] for a in (self.low, self.high, self.is_root))
        part = np.where(is_root, ((1 + v) / 2) ** 2, (1 - v) / 2)
        omega: FloatArray = high - (high - low) * part
        return omega


def cells_of(
    neutrinos: Neutrinos, linewidth_eV: FloatArray, e_eg_eV: float, low_eV: float, high_eV: float
) -> Cells:
    """Return the cells between two frequencies, for u sets of neutrinos and k lines: table u k.

    They follow each other downward, each as wide as its distance to the next threshold above allows.
    """
    i, j = np.array(list(PAIRS.values())).T
    n_lines, masses = len(linewidth_eV), neutrinos.masses_eV
    threshold = np.repeat(neutrinos.thresholds_eV(e_eg_eV)[:, i, j], n_lines, axis=0)
    sigma = np.tile(linewidth_eV, len(masses))[:, None]
    # q² − s₊ and q² − s₋ are 4 m_i m_j apart, and q² falls by 2 E_eg ω
    apart = np.repeat(2 * masses[:, i] * masses[:, j] / e_eg_eV, n_lines, axis=0)
    onset = np.maximum(np.where(sigma > 0, WIDTH_IN_LINES * sigma, ONSETS * apart), FINEST_EV)
    table, here, parts = np.arange(len(sigma)), np.full(len(sigma), high_eV), []
    while len(table):
        own, reach = threshold[table], REACH_IN_LINES * sigma[table]
        above = here[:, None] - own
        width = onset[table].copy()
        closed, open_ = above > reach, above < -reach
        width = np.where(closed, np.maximum(above - reach, WIDTH_IN_LINES * sigma[table]), width)
        width = np.where(open_, np.maximum(-2 * above, FINEST_EV), width)
        first, line = np.argmin(width, axis=1), np.arange(len(table))
        low = here - np.minimum(width[line, first], WIDEST_EV)
        # the threshold of a sharp line is an end to the last bit
        meets = closed[line, first] & (reach[:, 0] == 0) & (width[line, first] <= WIDEST_EV)
        low = np.maximum(np.where(meets, own[line, first], low), low_eV)
        parts.append((table, low, here, (reach[:, 0] == 0) & np.any(above == 0, axis=1)))
        table, here = table[low > low_eV], low[low > low_eV]
    table, low, high, is_root = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((low, table))
    share = (low - low_eV) / (high_eV - low_eV)
    return Cells(
        key=(table + share)[order],
        low=low[order],
        high=high[order],
        is_root=is_root[order],
        table=table[order],
    )
