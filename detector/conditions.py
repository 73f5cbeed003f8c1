"""What the detector is told of one laser step."""

from dataclasses import dataclass
from typing import Annotated

from detector.domain import Fraction, NotNegative, Positive, Range, require_ranges

__all__ = ["StepConditions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepConditions:
    """One laser step, as far as a detector can tell steps apart.

    Parameters
    ----------
    omega_eV
        Centre of the laser line, eV.
    duration_s
        Open time of the step: wall time × live_fraction, s. Rates and times of the detector are those of
        open time.
    laser_on
        False in dark steps.
    coherence
        η in [0, 1], averaged over the open time; 0 in control and dark steps.
    density_cm3, photon_density_cm3
        n_a and n_γ, cm⁻³.
    live_fraction
        Duty cycle of the laser's windows, in (0, 1]; duration_s has it already.
    linewidth_eV
        Gaussian σ of the laser line, eV; 0 is sharp.
    end_eV
        E_eg/2 of the target, where coherent emission ends, eV; None where nobody needs it.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    omega_eV: Positive
    duration_s: NotNegative
    laser_on: bool = True
    coherence: Fraction = 1.0
    density_cm3: Positive = 1e21
    photon_density_cm3: Positive = 1e21
    live_fraction: Annotated[float, Range(0, 1, is_open=True)] = 1.0
    linewidth_eV: NotNegative = 0.0
    end_eV: Positive | None = None

    def __post_init__(self) -> None:
        require_ranges(self)
