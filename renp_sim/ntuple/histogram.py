"""The `photon_energy` histogram: something for a ROOT browser to show at once."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["PhotonEnergyHistogram"]

BINS: Final = 1000
STOP_EV: Final = 10.0


class PhotonEnergyHistogram:
    """Recorded photons in 1000 bins over 0–10 eV, unweighted."""

    def __init__(self) -> None:
        self.counts = np.zeros(BINS + 2, dtype=np.int64)
        """Underflow, bins, overflow."""

    def fill(self, photon_energy_eV: NDArray[np.float32], recorded: NDArray[np.bool_]) -> None:
        """Count the recorded photons that have an energy."""
        seen = recorded & ~np.isnan(photon_energy_eV)
        energies = photon_energy_eV if seen.all() else photon_energy_eV[seen]
        # float64: 100 E is exact for a float32, so an energy on an edge falls where ROOT puts it
        places = np.floor(energies.astype(np.float64) * (BINS / STOP_EV))
        self.counts += np.bincount(np.clip(places, -1, BINS).astype(np.intp) + 1, minlength=BINS + 2)

    def to_root(self) -> Any:
        """Return a TH1D that uproot can write, with mean and width from the bin centres."""
        from uproot.writing.identify import to_TAxis, to_TH1x

        inside = self.counts[1:-1].astype(np.float64)
        centres = (np.arange(BINS) + 0.5) * (STOP_EV / BINS)
        return to_TH1x(
            fName=None,
            fTitle="recorded photons",
            data=self.counts.astype(np.float64),
            fEntries=float(self.counts.sum()),
            fTsumw=inside.sum(),
            fTsumw2=inside.sum(),
            fTsumwx=inside @ centres,
            fTsumwx2=inside @ centres**2,
            fSumw2=None,
            fXaxis=to_TAxis(
                fName="xaxis", fTitle="photon energy [eV]", fNbins=BINS, fXmin=0.0, fXmax=STOP_EV
            ),
        )
