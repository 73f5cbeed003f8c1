"""Runs with a frequency offset each beside a free mass, and the profile of the mass by brute force."""

from dataclasses import dataclass

import numpy as np

from renp_sim.analysis.data import Observation
from renp_sim.analysis.likelihood.poisson import poisson_q, saturated_q
from renp_sim.arrays import FloatArray
from renp_sim.prediction.expected_counts import ExpectedCounts
from tests.prediction.exposures import exposure, place, start, yb_model

ERROR_EV = 2e-6
MASS = "lightest_mass_eV"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeveralRuns:
    """Counts of runs over the same frequencies, and the model that they were drawn from.

    Parameters
    ----------
    observation
        The counts.
    model
        Offers the mass and the offset of each run.
    own
        Names of these.
    """

    observation: Observation
    model: ExpectedCounts
    own: tuple[str, ...]

    @classmethod
    def of(cls, n_steps: int, linewidth_eV: float, n_runs: int = 2) -> "SeveralRuns":
        """Draw counts of steps across the last thresholds, the offsets of the runs an error off in turn."""
        steps = exposure(
            np.tile(np.linspace(1.0711, 1.07166, n_steps), n_runs),
            run=np.repeat(np.arange(1, n_runs + 1), n_steps),
            live_time_s=3e5,
            gamma0_hz=0.003,
            linewidth_eV=linewidth_eV,
            omega_common_error_eV=ERROR_EV,
        )
        own = tuple(f"frequency_offset_eV.run{run}" for run in range(1, n_runs + 1))
        model = yb_model(steps, offered=(MASS, *own))
        truth = start(model)
        truth[place(model, MASS)] = 0.01
        truth[[place(model, name) for name in own]] = ERROR_EV * (-1.0) ** np.arange(n_runs)
        counts = np.random.default_rng(4).poisson(model.expected(truth)).astype(float)
        return cls(observation=Observation(exposure=steps, counts=counts), model=model, own=own)

    def brute_force(self, masses_eV: FloatArray, n_offsets: int = 401) -> FloatArray:
        """Return −2 ln L at masses, the lowest over a grid of offsets: each run has its own, so they part."""
        offsets = np.linspace(-5, 5, n_offsets) * ERROR_EV
        theta = np.tile(start(self.model), (len(masses_eV), n_offsets, 1))
        theta[..., place(self.model, MASS)] = masses_eV[:, None]
        for name in self.own:
            theta[..., place(self.model, name)] = offsets
        counts = self.observation.counts[:, None]
        total = np.zeros(len(masses_eV))
        for i, rows in enumerate(theta):
            mu = self.model.expected(rows).T
            for run in np.unique(self.observation.exposure.run):
                own = self.observation.exposure.run == run
                data = np.repeat(counts[own], n_offsets, axis=1)
                q = poisson_q(data, mu[own], saturated_q(data)) + (offsets / ERROR_EV) ** 2
                total[i] += np.min(q)
        return total
