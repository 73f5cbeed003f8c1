"""One parameter with kinks that is fitted at every row of a profile: its pieces, and tables along it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renp_sim.analysis.likelihood.chebyshev_mean import LAST_TERMS, TAIL
from renp_sim.analysis.likelihood.constraint import prior_pull
from renp_sim.analysis.likelihood.lattice import Lattice
from renp_sim.analysis.likelihood.piece import Piece
from renp_sim.analysis.likelihood.row_mean import RowMean
from renp_sim.arrays import BoolArray, FloatArray, IndexArray

if TYPE_CHECKING:
    from renp_sim.analysis.floating import Setup

__all__ = ["NARROWEST", "REACH", "Axis", "Pieces", "error_of", "extremes_of", "lattice_without", "reach_of"]

REACH = 10.0
"""Errors of a constrained parameter within which it is looked for: −2 ln L rises by 100 beyond
(test_a_fit_follows_an_offset_to_the_end_of_its_reach)."""

NARROWEST = 1e-9
"""Two kinks within this many typical steps are one (test_kinks_that_rounding_parts_are_one)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Smooth pieces of a parameter: the row that each is of, and its ends, shape (r,)."""

    owner: IndexArray
    low: FloatArray
    high: FloatArray

    def take(self, at: IndexArray) -> "Pieces":
        """Return some of the pieces."""
        return Pieces(owner=self.owner[at], low=self.low[at], high=self.high[at])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Axis:
    """What tables the expectation along a parameter with kinks, the others as a polynomial."""

    rest: "Setup"
    name: str
    lattice: Lattice

    @property
    def position(self) -> int:
        """Of the parameter among the floating ones."""
        return self.rest.names.index(self.name)

    @property
    def column(self) -> int:
        """Of the parameter in θ."""
        return self.rest.index(self.name)

    def means(self, theta: FloatArray, pieces: "Pieces", n_nodes: int) -> tuple[RowMean, BoolArray]:
        """Return the mean in each piece, and whether its series ends, shape (r,)."""
        piece = Piece(position=self.position, low=pieces.low, high=pieces.high)
        columns = self.rest.without(self.name).free
        mean, sizes = RowMean.in_pieces(
            self.rest.model, theta[pieces.owner], columns, self.lattice, piece, self.column, n_nodes
        )
        return mean, np.max(sizes[-LAST_TERMS:], axis=0) <= TAIL

    def pieces(self, theta: FloatArray, rows: IndexArray) -> "Pieces":
        """Return the smooth pieces of the parameter at some rows."""
        low, high = reach_of(self.rest, self.name)
        kinks = self.rest.model.kinks(self.name, theta[rows], low, high)
        # what lies outside or is missing makes pieces without width
        kinks = np.nan_to_num(np.clip(kinks, low, high), nan=high)
        wall = np.ones((len(rows), 1))
        ends = np.concatenate([low * wall, kinks, high * wall], axis=1)
        row, at = np.nonzero(np.diff(ends, axis=1) > NARROWEST * self.rest.scale[self.position])
        return Pieces(owner=rows[row], low=ends[row, at], high=ends[row, at + 1])

    def least_term(self, pieces: "Pieces") -> FloatArray:
        """Return the least that the constraint adds to −2 ln L in each piece, shape (r,)."""
        constraint = self.rest.constraints[self.position]
        if constraint is None:
            return np.zeros(len(pieces.owner))
        return prior_pull(constraint, np.clip(constraint.value, pieces.low, pieces.high)) ** 2


def error_of(setup: "Setup", name: str) -> float:
    """Return the error of a constrained parameter; without one, its typical step."""
    position = setup.names.index(name)
    constraint = setup.constraints[position]
    return float(setup.scale[position]) if constraint is None else constraint.error


def reach_of(setup: "Setup", name: str) -> tuple[float, float]:
    """Return within which values a floating parameter is looked at."""
    low, high = setup.limits(name)
    constraint = setup.constraints[setup.names.index(name)]
    if constraint is None:
        return low, high
    reach = REACH * constraint.error * (constraint.value if constraint.shape == "log_normal" else 1.0)
    return max(low, constraint.value - reach), min(high, constraint.value + reach)


def extremes_of(setup: "Setup") -> FloatArray:
    """Return rows in which the polynomial may have different terms, shape (2, p).

    Where all stand, and where what has kinks is at its lower bound, such as massless neutrinos, with which
    every pair is open that can be.
    """
    low = setup.theta.copy()
    for name in setup.kinked:
        low[setup.index(name)] = np.maximum(setup.limits(name)[0], low[setup.index(name)] - 1.0)
    return np.stack([setup.theta, low])


def lattice_without(setup: "Setup", *names: str) -> Lattice | None:
    """Return what fixes the polynomial in all that floats but these parameters; None where μ is none."""
    rest = setup.without(*names)
    return Lattice.of(setup.model, rest.names, extremes_of(setup), rest.scale)
