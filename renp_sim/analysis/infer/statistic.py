"""Test statistics of one parameter for many sets of counts, everything else that floats profiled."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.search.search import Solution, search
from renp_sim.arrays import FloatArray

__all__ = ["Kind", "Statistic"]


class Kind(StrEnum):
    """Which departures count against a value."""

    TWO_SIDED = "t"
    """t = q(ψ) − q(ψ̂), ψ̂ within its bounds: Feldman and Cousins' ordering."""
    UPPER = "q"
    """q̃ of a limit: the same where ψ̂ ≤ ψ, 0 where data want more (Cowan et al. 2011, Eq. 16)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statistic:
    """b sets of counts with their best fits, and what they say against values of a parameter.

    Parameters
    ----------
    setup
        What floats, the parameter among it.
    name
        The parameter.
    kind
        Which departures count.
    counts
        Shape (b, n).
    constraint_values
        What the constraints of the floating parameters say, shape (b, f), where toys randomise them.
    best
        The best fits.
    """

    setup: Setup
    name: str
    kind: Kind
    counts: FloatArray
    constraint_values: FloatArray | None
    best: Solution

    @classmethod
    def of(
        cls,
        setup: Setup,
        name: str,
        kind: Kind,
        counts: FloatArray,
        constraint_values: FloatArray | None = None,
    ) -> "Statistic":
        """Return the statistic with its best fits made."""
        best = search(setup, counts, constraint_values=constraint_values)
        return cls(
            setup=setup,
            name=name,
            kind=kind,
            counts=counts,
            constraint_values=constraint_values,
            best=best,
        )

    @property
    def best_values(self) -> FloatArray:
        """ψ̂ of each set, its size where the parameter enters squared, shape (b,)."""
        values = self.best.theta[:, self.setup.index(self.name)]
        return np.abs(values) if self.name in self.setup.squared else values

    def held(self, value: float) -> Solution:
        """Return the fits with the parameter held at a value."""
        theta = self.setup.theta.copy()
        theta[self.setup.index(self.name)] = value
        rest = self.setup.moved(theta).without(self.name)
        values = self.constraint_values
        if values is not None:
            position = self.setup.names.index(self.name)
            values = np.delete(values, position, axis=1)
        return search(rest, self.counts, constraint_values=values)

    def at(self, value: float) -> FloatArray:
        """Return the statistic of each set at a value, ≥ 0, shape (b,)."""
        return self.of_held(self.held(value), value)

    def of_held(self, held: Solution, value: float) -> FloatArray:
        """Return the same from the fits with the parameter held there."""
        delta = held.q - self.best.q
        # what one fit found and the other missed is no evidence
        found = np.where(np.isnan(delta), np.inf, np.maximum(delta, 0.0))
        if self.kind is Kind.UPPER:
            found = np.where(self.best_values > value, 0.0, found)
        return np.asarray(found)

    def of_other(self, counts: FloatArray, constraint_values: FloatArray | None = None) -> "Statistic":
        """Return the same statistic of other sets of counts."""
        return Statistic.of(self.setup, self.name, self.kind, counts, constraint_values)
