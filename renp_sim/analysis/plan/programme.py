"""The linear programme of a schedule: the least cost at which every alternative known so far is excluded."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog

from renp_sim.arrays import FloatArray, IndexArray

__all__ = ["Cuts", "Plan", "Programme"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cuts:
    """J points of alternatives, each a condition on the times t of K candidates: rate · t + term ≥ wanted.

    Parameters
    ----------
    rate
        Δ(−2 ln L) per time, shape (J, K).
    term
        What other measurements add, shape (J,).
    truth
        Of which truth each is, shape (J,).
    """

    rate: FloatArray
    term: FloatArray
    truth: IndexArray

    def joined(self, *others: "Cuts") -> "Cuts":
        """Return all of them."""
        every = (self, *others)
        return Cuts(
            rate=np.concatenate([cuts.rate for cuts in every]),
            term=np.concatenate([cuts.term for cuts in every]),
            truth=np.concatenate([cuts.truth for cuts in every]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """Times, and the proof that no others are cheaper.

    Parameters
    ----------
    time
        Of each candidate, shape (K,).
    cost
        In all; a lower bound for schedules that satisfy more conditions too.
    weight
        Dual of each cut, shape (J,): Σ_j weight_j rate_jk never exceeds the price of k, and is it where time
        is spent. They make the least favourable alternative.
    """

    time: FloatArray
    cost: float
    weight: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Programme:
    """What is minimised, and under which conditions.

    Parameters
    ----------
    price
        Of a unit of time at each candidate, shape (K,).
    wanted
        Δ(−2 ln L) that excludes an alternative.
    shares
        Prior of the truths, shape (G,): their mean Δ(−2 ln L) is to be what is wanted; None: that of each.
    cuts
        What is known of the alternatives.
    """

    price: FloatArray
    wanted: float
    shares: FloatArray | None
    cuts: Cuts

    def with_cuts(self, cuts: Cuts) -> "Programme":
        """Return the programme with more conditions."""
        return replace(self, cuts=self.cuts.joined(cuts))

    def solve(self, chosen: IndexArray | None = None, least: float = 0.0) -> Plan | None:
        """Return the cheapest times, or None where none satisfy the conditions.

        Parameters
        ----------
        chosen
            The candidates that may have time; None: every one.
        least
            That each of these has at least.
        """
        chosen = np.arange(len(self.price)) if chosen is None else chosen
        cuts, n_truths = self.cuts, 0 if self.shares is None else len(self.shares)
        unit = self._unit(chosen)
        rows, needed = cuts.rate[:, chosen] * (unit / self.wanted), 1 - cuts.term / self.wanted
        if self.shares is not None:
            # one variable more for the least Δ(−2 ln L) of each truth, whose mean is to be what is wanted
            rows = np.hstack([rows, -np.eye(n_truths)[cuts.truth]])
            rows = np.vstack([rows, np.concatenate([np.zeros(len(chosen)), self.shares])])
            needed = np.append(needed - 1, 1.0)
        size = np.maximum(np.max(np.abs(rows), axis=1, initial=0.0), 1.0)
        dear = float(np.max(self.price[chosen]))
        found = linprog(
            np.concatenate([self.price[chosen] / dear, np.zeros(n_truths)]),
            A_ub=-rows / size[:, None],
            b_ub=-needed / size,
            bounds=[(least / unit, None)] * len(chosen) + [(0, None)] * n_truths,
        )
        if found.x is None or found.fun is None or not found.success:
            return None
        time = np.zeros(len(self.price))
        time[chosen] = np.maximum(found.x[: len(chosen)], 0.0) * unit
        weight = (-found.ineqlin.marginals / size)[: len(cuts.term)] * dear * unit / self.wanted
        return Plan(time=time, cost=float(found.fun) * dear * unit, weight=weight)

    def _unit(self, chosen: IndexArray) -> float:
        """Return the time in which the best candidate satisfies the hardest condition by itself.

        The solver has absolute tolerances, and times may be seconds or centuries.
        """
        best = np.max(self.cuts.rate[:, chosen], axis=1, initial=0.0)
        needed = self.wanted - self.cuts.term
        hard = (best > 0) & (needed > 0)
        return float(np.max(needed[hard] / best[hard], initial=0.0)) or 1.0
