"""The signal spectrum Ī_k(θ) of the steps of an exposure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.physics.interactions import Interaction
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature, Neutrinos, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target
from renp_sim.prediction.couplings import with_couplings
from renp_sim.prediction.parameters import Group, Layout
from renp_sim.prediction.responses import Responses
from renp_sim.prediction.spectrum import mean_spectrum

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
    run_response, run_column
        Answer to the offset of its run, and that one's place in θ, −1 where it has none, shape (s,).
    offset_column
        Place in θ of the setting's own offset, −1 where it has none, shape (s,).
    of_step
        Setting of each step, shape (n,); s where a step can see no signal.
    """

    omega_eV: FloatArray
    linewidth_eV: FloatArray
    response: FloatArray
    run_response: FloatArray
    run_column: IndexArray
    offset_column: IndexArray
    of_step: IndexArray

    @classmethod
    def of(
        cls,
        exposure: Exposure,
        responses: Responses,
        run_offsets: dict[int, int],
        own_offsets: dict[int, int],
    ) -> Self:
        """Collect the settings; the offsets have their places in θ by run, and by step."""
        own = np.array([own_offsets.get(k, -1) for k in range(exposure.n_steps)], dtype=np.float64)
        run, run_response = np.full(exposure.n_steps, -1.0), np.ones(exposure.n_steps)
        for number, column in run_offsets.items():
            here = exposure.run == number
            run[here], run_response[here] = column, responses.run_frequency[number].response
        columns = (exposure.omega_eV, exposure.linewidth_eV, responses.frequency.response)
        keys = np.stack([*columns, run_response, run, own], axis=1)
        active = exposure.counts_per_unit > 0
        found, inverse = np.unique(keys[active], axis=0, return_inverse=True)
        of_step = np.full(exposure.n_steps, len(found))
        of_step[active] = inverse.ravel()
        return cls(
            omega_eV=found[:, 0],
            linewidth_eV=found[:, 1],
            response=found[:, 2],
            run_response=found[:, 3],
            run_column=found[:, 4].astype(np.intp),
            offset_column=found[:, 5].astype(np.intp),
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
        common = rows[:, self.layout.place(Group.FREQUENCY)][:, :1]
        omega = settings.omega_eV + settings.response * common
        run = settings.run_column >= 0
        omega[:, run] += settings.run_response[run] * rows[:, settings.run_column[run]]
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
        """Return Ī, with frequencies shifted by (u, s); `smooth` as in `mean_spectrum`."""
        omega = self.frequencies_eV(rows)
        if shift_eV is not None:
            omega = omega + shift_eV
        return mean_spectrum(
            omega, self.settings.linewidth_eV, lambda which: self.emission(rows[which]), smooth
        )
