"""Ī as a function of the frequency alone: what offsets of the laser need, however many there are.

An offset, common, of a run or of a step, only moves the true frequency. For one set of masses, mixings and
couplings Ī is a function of one number for every kind of line, smooth between the thresholds. The frequency
axis is cut there, and so finely beside them that in each cell a short Chebyshev series says all of it; a
cell is computed when it is first asked for at as many frequencies as its series has nodes. Ī is asked
directly where they are fewer, and where a series does not end in time.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.polynomial import chebyshev

from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.prediction.derivatives import answer_to
from renp_sim.prediction.frequency_cells import Cells, cells_of
from renp_sim.prediction.parameters import Group
from renp_sim.prediction.signal import Signal
from renp_sim.prediction.spectrum import is_smooth, mean_spectrum

__all__ = ["OFFSETS", "FrequencyTable", "distinct"]

NODES = 20
"""Of a cell."""

TAIL = 1e-8
"""Largest share that the last two terms of a series have of its largest."""

NOTHING = 1e-3
"""Share of the largest Ī below which the end of a series is measured by that: beyond all thresholds."""

ITEMS = 1 << 12
"""Values in one go: their series stay in the cache."""

REMEMBERED = 1 << 17
"""Series that are kept: 21 MB."""

UNKNOWN, ENDLESS = -1, -2

OFFSETS = (Group.FREQUENCY, Group.STEP_FREQUENCY)
"""What only moves frequencies."""


# not frozen: it learns
@dataclass(slots=True, eq=False)
class FrequencyTable:
    """Ī of the settings for rows of the physics part of θ, from series in the frequency.

    Parameters
    ----------
    signal
        Whose Ī it is.
    kind
        Kind of line of each setting: width and what sees it, shape (s,).
    of_kind
        A setting of each kind, shape (k,).
    low_eV, high_eV
        Between which frequencies all settings stay.
    """

    signal: Signal
    kind: IndexArray
    of_kind: IndexArray
    low_eV: float
    high_eV: float
    _known: dict[bytes, int] = field(init=False)
    _rows: list[FloatArray] = field(init=False)
    _cells: Cells = field(init=False)
    _slot: IndexArray = field(init=False)
    _series: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self._forget()

    @classmethod
    def of(cls, signal: Signal) -> Self:
        """Return the table of a signal; nothing is computed yet."""
        settings, layout = signal.settings, signal.layout
        seen = {id(acceptance): i for i, acceptance in enumerate(settings.acceptances)}
        keys = np.stack(
            [settings.linewidth_eV, [seen[id(a)] for a in settings.acceptances], settings.is_gentle], axis=1
        )
        _, of_kind, kind = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        ends = []
        for side in ("lower", "upper"):
            row = layout.values[: layout.n_physics].copy()
            for group in OFFSETS:
                row[layout.place(group)] = [getattr(p, side) for p in layout.groups[group]]
            ends.append(signal.frequencies_eV(row[None])[0])
        return cls(
            signal=signal,
            kind=kind.ravel(),
            of_kind=of_kind,
            low_eV=float(np.min(ends, initial=np.inf)),
            high_eV=float(np.max(ends, initial=-np.inf)),
        )

    @property
    def n_endless(self) -> int:
        """How many of the cells that were asked for have no series."""
        return int(np.sum(self._slot == ENDLESS))

    def spectrum(self, rows: FloatArray, order: int = 0) -> FloatArray:
        """Return Ī of the settings, or a derivative of it in the frequency, shape (u, s)."""
        omega = self.signal.frequencies_eV(rows)
        table = self._tables(rows)[:, None] * len(self.of_kind) + self.kind
        share = (omega - self.low_eV) / (self.high_eV - self.low_eV)
        cell = np.searchsorted(self._cells.key, (table + np.clip(share, 0.0, 1 - 1e-9)).ravel(), "right") - 1
        # a series costs as much as Ī at its nodes; what is known from other calls is not looked at, so that
        # no number depends on what was asked before, nor on which process was
        is_worth = np.bincount(cell, minlength=len(self._slot)) >= (NODES if order == 0 else 1)
        self._compute(np.flatnonzero(is_worth & (self._slot == UNKNOWN)))
        flat, out = omega.ravel(), np.empty(omega.size)
        is_summed = is_worth[cell] & (self._slot[cell] >= 0)
        known = np.flatnonzero(is_summed)
        for i in range(0, len(known), ITEMS):
            block = known[i : i + ITEMS]
            out[block] = self._summed(flat[block], cell[block], order)
        rest = np.flatnonzero(~is_summed)
        if len(rest):
            out[rest] = self._asked(flat[rest, None], cell[rest], order)[:, 0]
        if order == 0:
            np.maximum(out, 0.0, out=out)
        efficiency: FloatArray = self.signal.settings.efficiency
        return out.reshape(omega.shape) / efficiency

    def slopes(self, rows: FloatArray, columns: IndexArray) -> FloatArray:
        """Return ∂Ī/∂θ of the settings for some columns, shape (u, s, len(columns)); 0 but for offsets."""
        answers = np.zeros((len(self.kind), len(columns)))
        for i, column in enumerate(columns.tolist()):
            if self.signal.layout.group_at(column) in OFFSETS:
                answers[:, i] = answer_to(self.signal, column)
        out: FloatArray = self.spectrum(rows, order=1)[..., None] * answers
        return out

    def _summed(self, omega: FloatArray, cell: IndexArray, order: int) -> FloatArray:
        """Return sums of series, shape (c,), by Clenshaw's recursion."""
        v, slope, bend = self._cells.inside(omega, cell)
        series = self._series[:, self._slot[cell]]
        if order == 0:
            return _clenshaw(v, series)
        first = _clenshaw(v, np.asarray(chebyshev.chebder(series), np.float64))
        if order == 1:
            return first * slope
        return _clenshaw(v, np.asarray(chebyshev.chebder(series, 2), np.float64)) * slope**2 + first * bend

    def _tables(self, rows: FloatArray) -> IndexArray:
        """Return the number of each row's tables; those of new masses, mixings and couplings are added."""
        layout = self.signal.layout
        still = rows.copy()
        for group in OFFSETS:
            still[:, layout.place(group)] = 0.0
        found, which = distinct(still)
        if self._series.shape[1] > REMEMBERED:
            self._forget()
        keys = [row.tobytes() for row in found]
        new = [i for i, key in enumerate(keys) if key not in self._known]
        if new:
            self._add(found[new])
            self._known.update((keys[i], len(self._known)) for i in new)
        return np.array([self._known[key] for key in keys], dtype=np.intp)[which]

    def _forget(self) -> None:
        self._known, self._rows, self._cells = {}, [], Cells.none()
        self._slot, self._series = np.empty(0, dtype=np.intp), np.empty((NODES, 0))

    def _add(self, rows: FloatArray) -> None:
        linewidth_eV = self.signal.settings.linewidth_eV[self.of_kind]
        neutrinos, e_eg_eV = self.signal.neutrinos(rows), self.signal.target.atom.e_eg_eV
        first = len(self._rows) * len(linewidth_eV)
        cells = cells_of(neutrinos, linewidth_eV, e_eg_eV, self.low_eV, self.high_eV)
        self._cells = self._cells.with_more(cells.shifted(first))
        self._slot = np.concatenate([self._slot, np.full(len(cells.low), UNKNOWN)])
        self._rows += list(rows)

    def _compute(self, new: IndexArray) -> None:
        """Compute the series of some cells."""
        if not len(new):
            return
        angle = np.pi * (np.arange(NODES) + 0.5) / NODES
        omega = self._cells.outside(np.cos(angle), new)
        values = self._asked(omega, new, 0)
        transform = 2 / NODES * np.cos(np.arange(NODES)[:, None] * angle)
        transform[0] /= 2
        series = transform @ values.T
        size = np.abs(series)
        largest = np.max(size, axis=0)
        ends = np.max(size[-2:], axis=0) <= TAIL * np.maximum(largest, NOTHING * np.max(largest))
        self._slot[new] = np.where(ends, self._series.shape[1] + np.cumsum(ends) - 1, ENDLESS)
        self._series = np.concatenate([self._series, series[:, ends]], axis=1)

    def _asked(self, omega: FloatArray, cell: IndexArray, order: int) -> FloatArray:
        """Return Ī itself at frequencies (c, j) of cells, or a derivative by central differences."""
        if order:
            h = 1e-3 * (self._cells.high[cell] - self._cells.low[cell])[:, None]
            ends = [self._asked(omega + by, cell, order - 1) for by in (h, -h)]
            return (ends[0] - ends[1]) / (2 * h)
        row, kind = np.divmod(self._cells.table[cell], len(self.of_kind))
        every, out = np.array(self._rows), np.empty(omega.shape)
        for k, setting in enumerate(self.of_kind.tolist()):
            at = np.flatnonzero(kind == k)
            if len(at):
                out[at] = self._of_line(every[row[at]], omega[at], setting)
        return out

    def _of_line(self, rows: FloatArray, omega: FloatArray, setting: int) -> FloatArray:
        """Return Ī of the line of one setting, at frequencies (u, j) of each row (u, q)."""
        settings, emission = self.signal.settings, self.signal.emission
        sigma = np.full(omega.shape[1], settings.linewidth_eV[setting])
        smooth = np.ones(omega.shape, dtype=np.bool_)
        if np.any(sigma):
            smooth = is_smooth(omega, sigma, emission(rows)) & settings.is_gentle[setting]
        acceptances = omega.shape[1] * settings.acceptances[setting : setting + 1]
        return mean_spectrum(omega, sigma, lambda which: emission(rows[which]), smooth, acceptances)


def _clenshaw(v: FloatArray, series: FloatArray) -> FloatArray:
    """Return Σ_j series_j T_j(v), shape (c,) for series (j, c)."""
    after, here = np.zeros(len(v)), np.zeros(len(v))
    twice = 2 * v
    for term in series[:0:-1]:
        after, here = here, term + twice * here - after
    out: FloatArray = series[0] + v * here - after
    return out


def distinct(rows: FloatArray) -> tuple[FloatArray, IndexArray]:
    """Return the distinct rows and, for each row, which of them it is."""
    moving = np.flatnonzero(np.any(rows != rows[:1], axis=0))
    if not len(moving):
        return rows[:1], np.zeros(len(rows), dtype=np.intp)
    if len(moving) == 1:
        _, first, which = np.unique(rows[:, moving[0]], return_index=True, return_inverse=True)
    else:
        _, first, which = np.unique(rows[:, moving], axis=0, return_index=True, return_inverse=True)
    return rows[first], which.ravel()
