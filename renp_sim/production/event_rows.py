"""Rows of the `events` tree: truth and record of one slice of a step, side by side."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.response import Detector, Record
from renp_sim.arrays import Columns, FloatArray
from renp_sim.generator.events import TruthBlock, pair_momenta
from renp_sim.ntuple.schema import EVENTS, Origin

__all__ = ["EventRows"]

HIDDEN = {
    branch.name: np.full(1, branch.hidden, branch.dtype)
    for branch in EVENTS.flat
    if branch.truth and branch.name != "origin"
}
"""What stands where background has no truth, shape (1,)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventRows:
    """Makes rows of one run.

    Parameters
    ----------
    run
        Run number.
    weight
        Weight of the photons of each step, shape (n, 1 + c): signal, then each background component. An
        afterpulse has that of what caused it.
    keep_undetected
        Whether a lost signal photon has a row too.
    """

    run: int
    weight: FloatArray
    keep_undetected: bool

    def of(self, truth: TruthBlock, record: Record, detector: Detector, step: int) -> Columns:
        """Return the columns of a slice in time order, all but `event`, which counts over the run."""
        if self.keep_undetected:
            return self._with_lost(truth, record, detector, step)
        return self._rows(truth, record.photon, record.component, step) | self._recorded(record, detector)

    def _recorded(self, record: Record, detector: Detector) -> Columns:
        origin = np.zeros(len(record.time_s), dtype=np.int8)  # signal
        background = np.flatnonzero(record.component >= 0)
        origins = np.array([b.origin for b in detector.backgrounds], dtype=np.int8)
        origin[background] = origins[record.component[background]]
        origin[record.is_afterpulse] = Origin.AFTERPULSE
        return {
            "time_s": record.time_s,
            "photon_energy_eV": record.energy_eV.astype(np.float32),
            "channel": record.channel,
            "recorded": np.ones(len(record.time_s), dtype=np.bool_),
            "origin": origin,
        }

    def _with_lost(self, truth: TruthBlock, record: Record, detector: Detector, step: int) -> Columns:
        lost = np.ones(len(truth), dtype=np.bool_)
        lost[record.photon[record.photon >= 0]] = False
        missing = np.flatnonzero(lost)
        n = len(missing)
        unseen: Columns = {
            "time_s": truth.emission_time_s[missing],
            "photon_energy_eV": np.full(n, np.nan, dtype=np.float32),
            "channel": np.full(n, -1, dtype=np.int16),
            "recorded": np.zeros(n, dtype=np.bool_),
            "origin": np.zeros(n, dtype=np.int8),
        }
        seen = self._recorded(record, detector)
        merged = {name: np.concatenate([seen[name], unseen[name]]) for name in seen}
        order = np.argsort(merged["time_s"], kind="stable")
        photon = np.concatenate([record.photon, missing])[order]
        component = np.concatenate([record.component, np.full(n, -1, dtype=np.int16)])[order]
        return self._rows(truth, photon, component, step) | {
            name: column[order] for name, column in merged.items()
        }

    def _rows(
        self, truth: TruthBlock, photon: NDArray[np.int64], component: NDArray[np.int16], step: int
    ) -> Columns:
        """Return keys and truth of rows that belong to signal photons, or to background (−1)."""
        m = len(photon)
        background = np.flatnonzero(photon < 0)
        if len(background) == 0 and m == len(truth):
            # every photon of the block, in order: nothing to pick
            columns = _truth(truth, None)
        elif len(background) == m:
            columns = {name: hidden.repeat(m) for name, hidden in HIDDEN.items()}
        else:
            # background borrows the truth of a photon until it is hidden: cheaper than leaving it out
            columns = _truth(truth, photon)
            if len(background):
                for name, hidden in HIDDEN.items():
                    columns[name][background] = hidden
        keys: Columns = {
            "run": np.full(m, self.run, dtype=np.int64),
            "step": np.full(m, step, dtype=np.int32),
            "weight": self.weight[step].take(component + 1),
        }
        return keys | columns


def _truth(truth: TruthBlock, photon: NDArray[np.int64] | None) -> Columns:
    """Return the truth of some photons, −1 being the first one too, or of all of them without a copy."""

    def pick(values: NDArray[Any]) -> NDArray[Any]:
        return values if photon is None else values.take(photon, mode="clip")

    source, entry = truth.source, pick(truth.entry)
    omega, cosine, phi = pick(truth.omega_emitted_eV), pick(truth.cos_theta_star), pick(truth.phi)
    momenta = pair_momenta(source, entry, omega, cosine, phi)
    return {
        "nu_i": source.nu_i.take(entry),
        "nu_j": source.nu_j.take(entry),
        "omega_emitted_eV": omega,
        "emission_time_s": pick(truth.emission_time_s),
        "cos_theta_star": cosine,
        "phi": phi,
        **{name: getattr(momenta, name) for name in momenta.__slots__},
        "x_cm": pick(truth.x_cm),
        "y_cm": pick(truth.y_cm),
        "z_cm": pick(truth.z_cm),
    }
