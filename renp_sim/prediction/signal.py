"""The signal spectrum Ī_k(θ) of the steps of an exposure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.physics.acceptance import Acceptance, is_gentle_over, varies_over
from renp_sim.physics.interactions import Interaction
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.line import LINE_REACH
from renp_sim.physics.line_cuts import PANELS_REACH
from renp_sim.physics.neutrino import Nature, Neutrinos, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target
from renp_sim.prediction.couplings import with_couplings
from renp_sim.prediction.parameters import Group, Layout
from renp_sim.prediction.responses import Responses
from renp_sim.prediction.spectrum import is_smooth, mean_spectrum

__all__ = ["Settings", "Signal"]


REMEMBERED_ITEMS = 1 << 20
"""Rows × settings whose spectrum is kept: 8 MB."""

BLOCK_ITEMS = 8192
"""Rows × settings in one go."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settings:
    """The different settings of the laser: a scan in many passes asks for each of them only once.

    Parameters
    ----------
    omega_eV, linewidth_eV, response
        Shape (s,): set frequency, Gaussian σ, answer to the common offset.
    offset_column
        Place in θ of the setting's own offset, −1 where it has none, shape (s,).
    efficiency
        Stated efficiency, shape (s,), where an acceptance is averaged over the line instead of it; else 1.
    acceptances
        What sees the photons of each setting, where that changes over the line; else None.
    is_gentle
        Whether it changes so little that five points average it, shape (s,); True where it is None.
    of_step
        Setting of each step, shape (n,); s where a step can see no signal.
    """

    omega_eV: FloatArray
    linewidth_eV: FloatArray
    response: FloatArray
    offset_column: IndexArray
    efficiency: FloatArray
    acceptances: tuple[Acceptance | None, ...]
    is_gentle: BoolArray
    of_step: IndexArray

    @classmethod
    def of(
        cls,
        exposure: Exposure,
        responses: Responses,
        own_offsets: Mapping[int, int],
        acceptances: Mapping[int, Acceptance],
    ) -> Self:
        """Collect the settings; `own_offsets` has the place in θ by step, `acceptances` what sees by run."""
        own = np.array([own_offsets.get(k, -1) for k in range(exposure.n_steps)], dtype=np.float64)
        known, which = _varying_acceptances(exposure, acceptances)
        efficiency = np.where(which < 0, 1.0, exposure.efficiency)
        columns = [exposure.omega_eV, exposure.linewidth_eV, responses.frequency.response, own]
        keys = np.stack([*columns, efficiency, which], axis=1)
        active = exposure.counts_per_unit > 0
        found, inverse = np.unique(keys[active], axis=0, return_inverse=True)
        of_step = np.full(exposure.n_steps, len(found))
        of_step[active] = inverse.ravel()
        omega, linewidth, seen_by = found[:, 0], found[:, 1], found[:, 5].astype(np.intp)
        reach = PANELS_REACH * linewidth
        is_gentle = np.ones(len(found), dtype=np.bool_)
        for k in np.unique(seen_by[seen_by >= 0]):
            own = seen_by == k
            is_gentle[own] = is_gentle_over(known[k], (omega - reach)[own], (omega + reach)[own])
        return cls(
            omega_eV=omega,
            linewidth_eV=linewidth,
            response=found[:, 2],
            offset_column=found[:, 3].astype(np.intp),
            efficiency=found[:, 4],
            acceptances=tuple(None if k < 0 else known[k] for k in seen_by),
            is_gentle=is_gentle,
            of_step=of_step,
        )

    def to_steps(self, values: FloatArray, axis: int) -> FloatArray:
        """Spread values of the s settings along an axis over the n steps; 0 where there is no signal."""
        nothing = np.zeros((*values.shape[:axis], 1, *values.shape[axis + 1 :]))
        return np.take(np.concatenate([values, nothing], axis), self.of_step, axis)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signal:
    """Ī as a function of the physics part of θ: shape (u, q), one row a point.

    Parameters
    ----------
    settings, layout
        Where the laser stands, where parameters stand.
    target, interaction, oscillation, nature
        What emits; their numbers are replaced by those of θ where it has them.
    """

    settings: Settings
    layout: Layout
    target: Target
    interaction: Interaction
    oscillation: Oscillation
    nature: Nature
    memory: dict[tuple[str, bytes], FloatArray] = field(init=False, repr=False, default_factory=dict)
    """What was computed of a row of θ, by its bytes."""

    def frequencies_eV(self, rows: FloatArray) -> FloatArray:
        """Return true frequencies of the settings, shape (u, s)."""
        settings = self.settings
        common = rows[:, self.layout.place(Group.FREQUENCY)]
        omega = settings.omega_eV + settings.response * common
        own = settings.offset_column >= 0
        omega[:, own] += rows[:, settings.offset_column[own]]
        return omega

    def neutrinos(self, rows: FloatArray) -> Neutrinos:
        """Return the neutrinos of each row, with one leading axis."""
        masses = rows[:, self.layout.place(Group.MASSES)]
        place = self.layout.place(Group.OSCILLATION)
        named = zip(self.layout.groups[Group.OSCILLATION], rows[:, place].T, strict=True)
        oscillation = replace(self.oscillation, **{p.name: column for p, column in named})
        if masses.shape[1] == 3:
            return Neutrinos.from_masses(masses, oscillation, self.nature)
        return Neutrinos.from_lightest_mass(masses[:, 0], oscillation, self.nature)

    def emission(self, rows: FloatArray) -> Emission:
        """Return what emits, with one leading axis."""
        couplings = rows[:, self.layout.place(Group.COUPLINGS)]
        interaction = with_couplings(self.interaction, self.layout.groups[Group.COUPLINGS], couplings)
        return Emission(target=self.target, neutrinos=self.neutrinos(rows), interaction=interaction)

    def excess_eV2(self, rows: FloatArray) -> FloatArray:
        """Return q² − s₊, shape (u, s, 3, 3), eV²: positive where a pair is open."""
        e_eg_eV = self.target.atom.e_eg_eV
        omega = self.frequencies_eV(rows)
        return Kinematics.at(omega, self.neutrinos(rows), e_eg_eV=e_eg_eV).signed_excess_eV2

    def blocks(self, n_rows: int) -> Iterator[slice]:
        """Yield slices of rows that bound the memory of a call: a row has 9 pairs at every setting."""
        size = max(BLOCK_ITEMS // max(len(self.settings.omega_eV), 1), 1)
        return (slice(i, i + size) for i in range(0, n_rows, size))

    def spectrum(self, rows: FloatArray) -> FloatArray:
        """Return Ī of the settings, shape (u, s)."""
        return self.remembered("spectrum", rows, self._computed)

    def remembered(
        self, what: str, rows: FloatArray, compute: Callable[[FloatArray], FloatArray]
    ) -> FloatArray:
        """Return what `compute` gives for rows (u, q), one entry a row, and compute only what is new.

        Fits that only scale counts, and profiles that scan the same masses for every value of something
        else, ask for the same rows again and again.
        """
        room = REMEMBERED_ITEMS // max(len(self.settings.omega_eV), 1)
        if len(rows) > room:
            return compute(rows)
        keys = [(what, row.tobytes()) for row in rows]
        missing = [i for i, key in enumerate(keys) if key not in self.memory]
        if len(self.memory) + len(missing) > room:
            self.memory.clear()
            missing = list(range(len(rows)))
        if len(missing) == len(rows):
            found = compute(rows)
            self.memory.update(zip(keys, found, strict=True))
            return found
        if missing:
            self.memory.update(zip((keys[i] for i in missing), compute(rows[missing]), strict=True))
        return np.stack([self.memory[key] for key in keys])

    def _computed(self, rows: FloatArray) -> FloatArray:
        blocks = [self.spectrum_of(rows[block]) for block in self.blocks(len(rows))]
        return np.concatenate([np.empty((0, len(self.settings.omega_eV))), *blocks])

    def spectrum_of(
        self, rows: FloatArray, shift_eV: FloatArray | None = None, smooth: BoolArray | None = None
    ) -> FloatArray:
        """Return Ī, with frequencies shifted by (u, s).

        `smooth` is what `is_smooth` says, if it must be the same in neighbouring points (finite differences).
        """
        omega = self.frequencies_eV(rows)
        if shift_eV is not None:
            omega = omega + shift_eV
        settings = self.settings
        if smooth is None:
            smooth = is_smooth(omega, settings.linewidth_eV, self.emission(rows))
        recorded = mean_spectrum(
            omega,
            settings.linewidth_eV,
            lambda which: self.emission(rows[which]),
            smooth & settings.is_gentle,
            settings.acceptances,
        )
        return recorded / settings.efficiency


def _varying_acceptances(
    exposure: Exposure, acceptances: Mapping[int, Acceptance]
) -> tuple[list[Acceptance], IndexArray]:
    """Return what sees lines over which it changes, and which of it sees each step; −1: an even one."""
    which, known = np.full(exposure.n_steps, -1), list(acceptances.values())
    reach = LINE_REACH * exposure.linewidth_eV
    low, high = exposure.omega_eV - reach, exposure.omega_eV + reach
    for k, (run, acceptance) in enumerate(acceptances.items()):
        own = np.flatnonzero((exposure.run == run) & (exposure.linewidth_eV > 0))
        # runs of one detector share their settings
        which[own[varies_over(acceptance, low[own], high[own])]] = known.index(acceptance, 0, k + 1)
    return known, which
