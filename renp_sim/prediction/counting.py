"""What turns a spectrum into counts: normalisation, efficiencies and backgrounds, all linear."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.arrays import FloatArray
from renp_sim.prediction.parameters import Group, Layout, step_of
from renp_sim.prediction.responses import Responses

__all__ = ["Counting"]


# no slots: what is derived from the exposure is kept, since a fit asks for it in every call
@dataclass(frozen=True, kw_only=True, eq=False)
class Counting:
    """Counts of n steps for the full θ, shape (b, p), one row a point.

    Parameters
    ----------
    exposure, responses
        The steps and what they share.
    layout
        Where parameters stand.
    """

    exposure: Exposure
    responses: Responses
    layout: Layout

    @cached_property
    def counts_per_unit(self) -> FloatArray:
        """Signal counts at Ī = 1, shape (n,)."""
        return self.exposure.counts_per_unit

    @cached_property
    def background_counts(self) -> FloatArray:
        """Counts of each component at its stated rate, shape (n, c)."""
        return self.exposure.background_hz * self.exposure.live_time_s[:, None]

    @cached_property
    def background_response(self) -> FloatArray:
        """How much the component of a step answers to the component's scale, shape (n, c)."""
        columns = [shared.response for shared in self.responses.background]
        return np.stack(columns, axis=1) if columns else np.empty((self.exposure.n_steps, 0))

    def expected(self, theta: FloatArray, spectrum: FloatArray) -> FloatArray:
        """Return μ, shape (b, n), for Ī of shape (b, n) or (1, n)."""
        signal = self.by_spectrum(theta) * spectrum
        # Σ_c (1 + (x_c − 1) r_kc) b_kc as one matrix product over the points
        scaling = self.background_counts * self.background_response
        fixed = np.sum(self.background_counts - scaling, axis=1)
        background: FloatArray = fixed + theta[:, self.layout.place(Group.BACKGROUND)] @ scaling.T
        return signal + background

    def efficiency(self, theta: FloatArray) -> FloatArray:
        """Return the factor on the stated efficiency, shape (b, n)."""
        return self._common_efficiency(theta) * self._step_efficiency(theta)

    def by_spectrum(self, theta: FloatArray) -> FloatArray:
        """Return ∂μ_k/∂Ī_k, shape (b, n)."""
        return self.counts_per_unit * self._normalisation(theta) * self.efficiency(theta)

    def derivative(self, theta: FloatArray, spectrum: FloatArray, column: int) -> FloatArray:
        """Return ∂μ/∂θ, shape (b, n) or broadcasting to it, for a parameter that only scales counts."""
        layout = self.layout
        group = layout.group_at(column)
        bare = self.counts_per_unit * spectrum
        if group is Group.NORMALISATION:
            return bare * self.efficiency(theta)
        if group is Group.EFFICIENCY:
            response = self.responses.efficiency.response
            return bare * self._normalisation(theta) * response * self._step_efficiency(theta)
        if group is Group.STEP_EFFICIENCY:
            own: FloatArray = np.equal(self.responses.step, step_of(layout.parameters[column].name))
            return bare * self._normalisation(theta) * own * self._common_efficiency(theta)
        scaling: FloatArray = self.background_counts * self.background_response
        return scaling[None, :, column - layout.place(Group.BACKGROUND).start]

    def _normalisation(self, theta: FloatArray) -> FloatArray:
        return theta[:, self.layout.place(Group.NORMALISATION)]

    def _common_efficiency(self, theta: FloatArray) -> FloatArray:
        common = theta[:, self.layout.place(Group.EFFICIENCY)]
        factor: FloatArray = 1 + (common - 1) * self.responses.efficiency.response
        return factor

    def _step_efficiency(self, theta: FloatArray) -> FloatArray:
        factor = np.ones((len(theta), len(self.responses.step_efficiency)))
        own = np.flatnonzero(self.responses.step_efficiency)
        factor[:, own] = theta[:, self.layout.place(Group.STEP_EFFICIENCY)]
        # where a row is a step there is nothing to spread
        is_split = factor.shape[1] < self.exposure.n_steps
        return factor[:, self.responses.step] if is_split else factor
