"""An experiment before a photon is counted: what each step is exposed to, and the physics it may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from detector.response import Detector
from renp_sim.analysis.data import Exposure
from renp_sim.analysis.floating import Setup
from renp_sim.app.assumptions import Assumptions
from renp_sim.app.hypothesis import MASS_NAMES, Hypothesis, Masses
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.target import Target
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.exposure import exposure_of
from renp_sim.prediction.joint import JointCounts
from renp_sim.prediction.parameters import COMMON_OFFSET
from renp_sim.runfile.run import Run

__all__ = ["Experiment", "hypothesis_of_run", "require_factors"]

MOST_FACTOR = 1e12
"""On durations, and one over it the least: what is beyond is no experiment, and soon no number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Experiment:
    """What an analysis is built from, of files or of a run that nobody has generated.

    Parameters
    ----------
    exposure
        What each step is exposed to.
    assumptions
        The physics that all runs share.
    targets
        Target by run number.
    detectors
        Detector by run number; none of a run that carries no configuration.
    truth
        Values of parameters that the run file states; empty where data are to say.
    names
        What each run is called, by number; empty where it has no name.
    """

    exposure: Exposure
    assumptions: Assumptions
    targets: Mapping[int, Target]
    detectors: Mapping[int, Detector] = field(default_factory=dict)
    truth: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def runs_table(self) -> list[dict[str, Any]]:
        """What runs it is of, for JSON."""
        return [{"name": name, "number": number} for number, name in self.names.items()]

    @classmethod
    def of(cls, run: Run) -> "Experiment":
        """Return the experiment that a run file plans.

        The truth is what the file says, with the stated offset of the frequency scale; an offset that is
        drawn is 0, as it is on average.
        """
        offset = run.config.laser.calibration.common_offset_eV
        common_eV = 0.0 if offset == "draw" else float(offset)
        schedule, target = run.schedule, run.emission.target
        omega_eV = schedule.omega_eV + common_eV
        spectrum = mean_spectral_function(omega_eV, schedule.linewidth_eV, run.emission).sum(axis=(-2, -1))
        strength = schedule.coherence * schedule.gamma0_factor
        exposure = exposure_of(
            schedule,
            target,
            run.detector,
            run=run.number,
            signal_rate_hz=target.gamma0_hz * target.coherence * strength * spectrum,
            emission=run.emission,
        )
        assumptions = Assumptions.of(run.config.neutrino, run.emission.interaction)
        names = MASS_NAMES[_masses(assumptions)]
        return cls(
            exposure=exposure,
            assumptions=assumptions,
            targets={run.number: target},
            detectors={run.number: run.detector},
            truth={**dict(zip(names, assumptions.masses_eV, strict=True)), COMMON_OFFSET: common_eV},
            names={run.number: run.config.run.name},
        )

    def scaled(self, factor: float) -> "Experiment":
        """Return the experiment with every live time multiplied by a factor."""
        return replace(self, exposure=self.exposure.scaled(factor))

    def theta_true(self, model: ExpectedCounts | JointCounts) -> FloatArray:
        """Return the parameters of a model at what the run file states, the others where they stand."""
        return np.array([self.truth.get(p.name, p.value) for p in model.parameters])

    def at_truth(self, setup: Setup, fixed: Mapping[str, float | None]) -> Setup:
        """Return a set-up at the truth, all but what is fixed at a value of its own."""
        names = [p.name for p in setup.model.parameters]
        given = np.array([fixed.get(name) is not None for name in names], dtype=bool)
        true = [self.truth.get(name, value) for name, value in zip(names, setup.theta.tolist(), strict=True)]
        return setup.moved(np.where(given, setup.theta, true))


def require_factors(factors: ArrayLike, option: str) -> None:
    """Raise ConfigError if durations cannot be multiplied by one of these."""
    wrong = [f for f in np.ravel(factors).tolist() if not 1 / MOST_FACTOR <= f <= MOST_FACTOR]
    if wrong:
        raise ConfigError(
            f"{option}: {wrong[0]:g}: a factor on durations must lie in {1 / MOST_FACTOR:g} … {MOST_FACTOR:g}"
        )


def hypothesis_of_run(experiment: Experiment) -> Hypothesis:
    """Return what the run file, or the configuration in files, says of the neutrinos."""
    assumptions = experiment.assumptions
    return Hypothesis(
        ordering=assumptions.oscillation.ordering,
        nature=assumptions.nature,
        masses=_masses(assumptions),
    )


def _masses(assumptions: Assumptions) -> Masses:
    return Masses.THREE if len(assumptions.masses_eV) == 3 else Masses.LIGHTEST
