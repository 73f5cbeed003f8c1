"""Exact sampling of cosθ* from a quadratic bracket, and of discrete states in constant time.

Implements the inverse of F(c) = ∫_{−1}^{c} B(x) dx, a cubic: in closed form where that is safe, elsewhere
by safeguarded Newton steps.
"""

from dataclasses import dataclass

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray, IndexArray

__all__ = ["AliasTable", "CosineTable", "invert_by_newton"]


MAX_NEWTON_STEPS = 64
"""Bisection alone would need 52; physical brackets need 12 at most (tests)."""


@dataclass(frozen=True, slots=True, eq=False)
class AliasTable:
    """Draws an index with given weights from one uniform number (Walker's alias method).

    Parameters
    ----------
    threshold, step
        Cell k holds itself below `threshold` and cell k + `step` above it, shape (n,).
    """

    threshold: FloatArray
    step: IndexArray

    @classmethod
    def of(cls, weight: FloatArray) -> "AliasTable":
        """Build the table; weights are not negative and have a positive sum."""
        n = len(weight)
        share = weight * (n / np.sum(weight))
        is_small = share < 1
        threshold, missing, other = share.tolist(), (1 - share).tolist(), list(range(n))
        waiting = np.flatnonzero(is_small).tolist()
        donors = np.flatnonzero(~is_small).tolist()
        for donor in reversed(donors):
            left = threshold[donor]
            threshold[donor] = 1.0
            while waiting and left >= 1:
                k = waiting.pop()
                other[k] = donor
                left -= missing[k]
            if left < 1:
                # it has given more than it can spare: the next one gives to it
                threshold[donor], missing[donor] = left, 1 - left
                waiting.append(donor)
        # what is left differs from 1 by rounding; a weight of 0 must never be drawn
        for k in waiting:
            threshold[k], other[k] = (1.0, k) if weight[k] > 0 else (0.0, int(np.argmax(weight)))
        return cls(np.array(threshold), np.array(other, dtype=np.intp) - np.arange(n))

    def draw(self, uniform: FloatArray) -> IndexArray:
        """Return indices, shape (m,), for uniform numbers in [0, 1)."""
        scaled = uniform * len(self.threshold)
        cell = scaled.astype(np.intp)
        scaled -= cell
        # a step of 0 or 1 times the way to the other cell: np.where would guess wrong at every second number
        step = self.step.take(cell)
        step *= scaled >= self.threshold.take(cell)
        cell += step
        return cell


def invert_by_newton(a0: FloatArray, a1: FloatArray, a2: FloatArray, uniform: FloatArray) -> FloatArray:
    """Return c with F(c) = u F(1), for any bracket that is not negative on [−1, 1]; arrays of shape (m,).

    Newton from c = 2u − 1 with the interval kept: a step that leaves it is replaced by bisection.
    """
    total = 2 * a0 + 2 * a2 / 3
    wanted = uniform * total
    c = 2 * uniform - 1
    low, high = np.full_like(c, -1.0), np.full_like(c, 1.0)
    for _ in range(MAX_NEWTON_STEPS):
        excess = (c + 1) * (a0 + a1 * (c - 1) / 2 + a2 * (c * (c - 1) + 1) / 3) - wanted
        if np.all(np.abs(excess) <= 1e-15 * total):
            break
        high = np.where(excess > 0, c, high)
        low = np.where(excess > 0, low, c)
        slope = a0 + c * (a1 + a2 * c)
        step = np.divide(excess, slope, out=np.full_like(c, 2.0), where=slope > 0)
        newton = c - step
        c = np.where((newton >= low) & (newton <= high), newton, (low + high) / 2)
    return np.clip(c, -1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class CosineTable:
    """Inverse cumulative functions of n brackets.

    The closed form is c = ½ amplitude · sin(asin(offset + slope·u)/3) − shift, where K0 = A0, K1 = −A1,
    K2 = −A2 obey K2 ≥ 1e-3 K0 and K1² ≤ 10 K0 K2; elsewhere it is wrong without a warning.

    Parameters
    ----------
    a0, a1, a2
        The brackets, shape (n,).
    is_closed_form
        Where the closed form is safe, shape (n,).
    offset, slope, amplitude, shift
        Its constants, shape (n,).
    """

    a0: FloatArray
    a1: FloatArray
    a2: FloatArray
    is_closed_form: BoolArray
    offset: FloatArray
    slope: FloatArray
    amplitude: FloatArray
    shift: FloatArray

    def take(self, rows: slice) -> "CosineTable":
        """Return the table of some brackets."""
        return CosineTable(*(getattr(self, name)[rows] for name in self.__slots__))

    @classmethod
    def of(cls, a0: FloatArray, a1: FloatArray, a2: FloatArray) -> "CosineTable":
        """Prepare the constants of each bracket."""
        k0, k1, k2 = a0, -a1, -a2
        safe = (k2 >= 1e-3 * k0) & (k1**2 <= 10 * k0 * k2) & (k0 > 0)
        alpha = np.where(safe, k2 / 3, 1.0)
        beta, gamma = np.where(safe, k1 / 2, 0.0), np.where(safe, -k0, -1.0)
        delta = np.where(safe, -k0 - k1 / 2 + k2 / 3, 0.0)
        total = np.where(safe, 2 * a0 + 2 * a2 / 3, 1.0)
        p = gamma / alpha - beta**2 / (3 * alpha**2)
        q = 2 * beta**3 / (27 * alpha**3) - beta * gamma / (3 * alpha**2) + delta / alpha
        r = np.sqrt(-p / 3)
        return cls(
            a0=a0,
            a1=a1,
            a2=a2,
            is_closed_form=safe,
            offset=-q / (2 * r**3),
            slope=-(total / alpha) / (2 * r**3),
            amplitude=-4 * r,
            shift=beta / (3 * alpha),
        )

    def invert(self, index: IndexArray, uniform: FloatArray) -> FloatArray:
        """Return cosθ* of events that belong to bracket `index` (m,), for uniform numbers (m,)."""
        c = self.slope.take(index)
        c *= uniform
        c += self.offset.take(index)
        np.clip(c, -1.0, 1.0, out=c)
        np.arcsin(c, out=c)
        # sin x = 2t/(1 + t²) with t = tan(x/2): numpy's tangent is four times as fast as its sine
        c /= 6
        np.tan(c, out=c)
        scale = np.square(c)
        scale += 1
        c /= scale
        c *= self.amplitude.take(index)
        c -= self.shift.take(index)
        np.clip(c, -1.0, 1.0, out=c)
        if not np.all(self.is_closed_form):
            rest = np.flatnonzero(~self.is_closed_form[index])
            if rest.size:
                k = index[rest]
                c[rest] = invert_by_newton(self.a0[k], self.a1[k], self.a2[k], uniform[rest])
        return c
