"""The frequency scale: what is stated of it, and by how much it is off."""

from dataclasses import dataclass

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.streams import Stage, stream

__all__ = ["Calibration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The frequency scale, eV: true common offset (None: drawn from its error) and stated errors."""

    common_offset_eV: float | None = 0.0
    common_error_eV: float = 0.0
    step_error_eV: float = 0.0

    def offsets_eV(self, n_steps: int, seed: int) -> FloatArray:
        """Return true minus set frequency of each step, shape (n,); what is drawn belongs to the seed."""
        common = self.common_offset_eV
        if common is None:
            common = self.common_error_eV * stream(seed, Stage.CALIBRATION, 0).standard_normal()
        offsets = np.full(n_steps, float(common))
        if self.step_error_eV > 0:
            offsets += self.step_error_eV * stream(seed, Stage.CALIBRATION, 1).standard_normal(n_steps)
        return offsets
