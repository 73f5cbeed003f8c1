"""What an analysis is given: the exposure of each step, or of each of its energy bins, and its counts.

Nothing here knows neutrinos. Both are filled from a file (`renp_sim.analysis.from_ntuple`) or from a run that
nobody has generated (`renp_sim.prediction.exposure`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.errors import ConfigError

__all__ = ["Exposure", "Observation"]

DEFAULTS: Final[Mapping[str, ArrayLike]] = {
    "run": 1,
    "kind": 0,
    "linewidth_eV": 0.0,
    "omega_common_error_eV": 0.0,
    "omega_step_error_eV": 0.0,
    "coherence": 1.0,
    "gamma0_hz": 1.0,
    "efficiency": 1.0,
    "efficiency_common_error": 0.0,
    "efficiency_step_error": 0.0,
    "background_rate_hz": 0.0,
    "background_error_hz": 0.0,
    "background_present": True,
    "energy_low_eV": 0.0,
    "energy_high_eV": np.inf,
}
DTYPES: Final[Mapping[str, Any]] = {
    "run": np.int64,
    "step": np.int64,
    "kind": np.int8,
    "background_present": np.bool_,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exposure:
    """What is known of n steps before a photon is counted; several runs may be concatenated.

    A step may be split by the reconstructed energy of its photons: then a row is one bin of it.

    Parameters
    ----------
    run, step
        Key of the step of each row, shape (n,).
    kind
        0 signal, 1 control (laser on, no coherence), 2 dark (laser off), shape (n,).
    omega_eV, linewidth_eV
        Set laser frequency and Gaussian σ, eV.
    omega_common_error_eV, omega_step_error_eV
        Stated calibration errors, eV.
    live_time_s
        Open time less dead time, s.
    coherence
        η averaged over the live windows.
    gamma0_hz
        Γ₀ without η, s⁻¹.
    efficiency, efficiency_common_error, efficiency_step_error
        Probability to record a signal photon and its absolute errors.
    components
        Names of the c background components.
    background_rate_hz, background_error_hz
        Stated rates of recorded background and their errors, shape (n, c), s⁻¹.
    background_present
        Whether a component is there in this kind of step, shape (n, c).
    energy_low_eV, energy_high_eV
        Between which reconstructed energies photons are counted, eV, shape (n,); from 0 to ∞ all that are
        recorded. Background rates are those between them, the efficiency is that of the whole step.

    Examples
    --------
    >>> two_days = Exposure.of(omega_eV=[1.069, 1.07], live_time_s=86400.0, gamma0_hz=0.002, efficiency=0.5)
    >>> two_days.scaled(10).counts_per_unit.round(1).tolist()
    [864.0, 864.0]
    """

    run: NDArray[np.int64]
    step: NDArray[np.int64]
    kind: NDArray[np.int8]
    omega_eV: FloatArray
    linewidth_eV: FloatArray
    omega_common_error_eV: FloatArray
    omega_step_error_eV: FloatArray
    live_time_s: FloatArray
    coherence: FloatArray
    gamma0_hz: FloatArray
    efficiency: FloatArray
    efficiency_common_error: FloatArray
    efficiency_step_error: FloatArray
    components: tuple[str, ...]
    background_rate_hz: FloatArray
    background_error_hz: FloatArray
    background_present: BoolArray
    energy_low_eV: FloatArray
    energy_high_eV: FloatArray

    @classmethod
    def of(
        cls,
        *,
        omega_eV: ArrayLike,
        live_time_s: ArrayLike,
        components: Sequence[str] = (),
        **known: ArrayLike,
    ) -> Self:
        """Return signal steps of run 1, with what else is known of them.

        Parameters
        ----------
        omega_eV
            Frequencies, shape (n,); a number is one step.
        live_time_s, known
            Fields by name, shape (n,) or (n, c), or what broadcasts to it. What is left out is sharp, exact
            and perfect: no width, no errors, no background, and η, Γ₀ and efficiency of 1.

        Raises
        ------
        ConfigError
            If a field does not fit the number of steps or components.
        """
        omega = np.atleast_1d(np.asarray(omega_eV, dtype=np.float64))
        given = {**DEFAULTS, "step": np.arange(len(omega)), "live_time_s": live_time_s, **known}
        arrays: dict[str, Any] = {"omega_eV": omega, "components": tuple(components)}
        for name, values in given.items():
            shape = (len(omega), len(components)) if name.startswith("background") else omega.shape
            try:
                # a copy that owns its memory: nobody changes it through what was given
                arrays[name] = np.array(np.broadcast_to(values, shape), dtype=DTYPES.get(name, np.float64))
            except ValueError:
                raise ConfigError(
                    f"exposure.{name}: shape {np.shape(values)} does not fit {shape}: "
                    "give a number, or one for each step"
                ) from None
        return cls(**arrays)

    @property
    def n_steps(self) -> int:
        """Number of rows."""
        return len(self.omega_eV)

    @property
    def is_split(self) -> bool:
        """Whether rows are energy bins of steps."""
        return bool(np.any(np.isfinite(self.energy_high_eV)))

    @property
    def step_number(self) -> IndexArray:
        """Which step each row is of, counted from 0 in the order of their first rows, shape (n,)."""
        later, same = np.diff(self.run) > 0, np.diff(self.run) == 0
        if np.all(later | (same & (np.diff(self.step) > 0))):
            # each row a step of its own, as a rule
            return np.arange(self.n_steps)
        keys = np.stack([self.run, self.step], axis=1)
        _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[which.ravel()]

    @property
    def counts_per_unit(self) -> FloatArray:
        """Γ₀ η ε T: signal counts of the whole step where the spectrum Ī is 1, shape (n,)."""
        return self.gamma0_hz * self.coherence * self.efficiency * self.live_time_s

    @property
    def background_hz(self) -> FloatArray:
        """Stated rates, 0 where a component is not present, shape (n, c), s⁻¹."""
        return np.where(self.background_present, self.background_rate_hz, 0.0)

    @property
    def background_counts(self) -> FloatArray:
        """Expected background counts of the stated rates, shape (n,)."""
        rate: FloatArray = np.sum(self.background_hz, axis=1)
        return rate * self.live_time_s

    def scaled(self, factor: float | FloatArray) -> Self:
        """Return the same rows with every live time multiplied by a factor, one for all or for each (n,)."""
        return replace(self, live_time_s=self.live_time_s * factor)

    def take(self, rows: IndexArray) -> Self:
        """Return some of the rows."""
        arrays = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "components"}
        return replace(self, **arrays)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """Recorded photons per row, shape (n,), or (toys, n), with the exposure they belong to.

    Counts are integers in data; an Asimov set has the expectation itself.
    """

    exposure: Exposure
    counts: FloatArray

    def take(self, rows: IndexArray) -> Self:
        """Return some of the rows."""
        return replace(self, exposure=self.exposure.take(rows), counts=self.counts[..., rows])
