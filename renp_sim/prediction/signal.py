"""The signal spectrum Ī_k(θ) of the steps of an exposure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.physics.interactions import Interaction
from renp_sim.physics.kinematics import Kinematics
from renp_sim.physics.neutrino import Nature, Neutrinos, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target
from renp_sim.prediction.couplings import with_couplings
from renp_sim.prediction.parameters import Group, Layout
from renp_sim.prediction.settings import Settings
from renp_sim.prediction.spectrum import is_smooth, mean_spectrum

__all__ = ["Signal"]


REMEMBERED_ITEMS = 1 << 22
"""Rows × settings whose spectrum is kept: 32 MB."""

BLOCK_ITEMS = 8192
"""Rows × settings in one go."""


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

    def frequencies_eV(self, rows: FloatArray, setting: IndexArray | None = None) -> FloatArray:
        """Return the true frequencies of all settings, shape (u, s), or of one in each row, shape (u,)."""
        settings, row = self.settings, np.arange(len(rows))
        if setting is None:
            row, setting = row[:, None], np.arange(len(settings.omega_eV))
        common = rows[row, self.layout.place(Group.FREQUENCY).start]
        omega: FloatArray = settings.omega_eV[setting] + settings.response[setting] * common
        for columns, response in (
            (settings.run_column, settings.run_response),
            (settings.offset_column, np.ones(len(settings.omega_eV))),
        ):
            if np.any(columns >= 0):
                moved = response[setting] * rows[row, columns[setting]]
                omega += np.where(columns[setting] >= 0, moved, 0.0)
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

    def blocks(self, n_rows: int, n_each: int = 1) -> Iterator[slice]:
        """Yield slices of rows that bound the memory of a call: a row has 9 pairs at every setting.

        `n_each` is how many spectra are asked for each row at once.
        """
        size = max(BLOCK_ITEMS // max(len(self.settings.omega_eV) * n_each, 1), 1)
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
