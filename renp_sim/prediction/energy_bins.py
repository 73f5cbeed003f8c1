"""Steps split by the reconstructed energy of their photons: what a window cut throws away.

A line of the width of the resolution stands on a continuum, so bins lie around the laser line: fine where the
line is, and twice as wide each further out, to the ends of the energy window. Where the resolution is not far
wider than the line of the laser one bin holds all of that, wherever a fit may move it.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from detector.background import Background
from detector.conditions import StepConditions
from detector.response import Detector
from renp_sim.analysis.data import Exposure
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.physics.line import LINE_REACH
from renp_sim.prediction.parameters import BOUND_IN_ERRORS, FREE_OFFSET_EV

__all__ = ["edges_around", "split_by_energy"]

FINE = (0.5, 1.0, 1.5, 2.0, 3.0)
"""Distances of edges from the line, in widths of the resolution."""

WIDER_THAN_LINE = 30.0
"""Resolution in widths of the laser line from where on it is split: of a line that a threshold cuts in half
the photons then lie less than 1/30 of the resolution beside its centre (test_a_line_cut_by_a_threshold)."""

_Shares = tuple[FloatArray, FloatArray]
"""Edges (b + 1,), and the share of each background in each bin (b, c)."""


def edges_around(
    omega_eV: float, linewidth_eV: float, offset_eV: float, width_eV: float, window_eV: tuple[float, float]
) -> FloatArray:
    """Return edges of bins around a laser line, from one end of the window to the other, shape (b + 1,).

    Parameters
    ----------
    omega_eV, linewidth_eV
        Centre and Gaussian σ of the line.
    offset_eV
        How far a fit may move it.
    width_eV
        Resolution.
    window_eV
        Of the detector.

    Examples
    --------
    >>> edges_around(1.07, 1e-6, 1e-4, 0.03, (0.9, 1.2)).round(3).tolist()
    [0.9, 0.98, 1.01, 1.025, 1.04, 1.055, 1.07, 1.085, 1.1, 1.115, 1.13, 1.16, 1.2]
    """
    low, high = window_eV
    if width_eV > 0 and width_eV >= WIDER_THAN_LINE * linewidth_eV:
        distances = [0.0, *(x * width_eV for x in FINE)]
    else:
        distances = [LINE_REACH * (linewidth_eV + width_eV) + offset_eV]
    while distances[-1] < max(high - omega_eV, omega_eV - low):
        distances.append(2 * distances[-1])
    around = np.concatenate([omega_eV - np.array(distances), omega_eV + np.array(distances)])
    return np.unique([low, *around[(around > low) & (around < high)], high])


def split_by_energy(
    exposure: Exposure, detectors: Mapping[int, Detector], end_eV: Mapping[int, float]
) -> Exposure:
    """Return an exposure with a row for each energy bin of each step.

    Backgrounds are shared out by their spectra, those of the laser line at its set frequency: an offset far
    smaller than the resolution moves nothing between bins.

    Parameters
    ----------
    exposure
        Steps, a row each.
    detectors
        Detector by run number, with its backgrounds.
    end_eV
        E_eg/2 by run number, where coherent emission ends.

    Raises
    ------
    ConfigError
        If a run has no detector, or that does not know a background of the run.
    """
    known: dict[tuple[float, ...], _Shares] = {}
    parts: list[_Shares] = []
    emits = (exposure.background_hz > 0).tolist()
    for k, run in enumerate(exposure.run.tolist()):
        errors = float(exposure.omega_common_error_eV[k] + exposure.omega_step_error_eV[k])
        line = (float(exposure.omega_eV[k]), float(exposure.linewidth_eV[k]))
        key = (run, *line, errors, *emits[k])
        if key not in known:
            if run not in detectors:
                raise ConfigError(
                    f"run {run}: carries no configuration, so how its detector sees energies is unknown: fit "
                    "it without energies"
                )
            names = [name for name, there in zip(exposure.components, emits[k], strict=True) if there]
            shares = _shares(detectors[run], *line, errors, end_eV[run], names)
            background = np.zeros((len(shares[0]) - 1, len(exposure.components)))
            background[:, emits[k]] = shares[1]
            known[key] = (shares[0], background)
        parts.append(known[key])
    if not parts:
        return exposure
    rows = np.repeat(np.arange(len(parts)), [len(edges) - 1 for edges, _ in parts])
    share = np.concatenate([shares for _, shares in parts])
    steps = exposure.take(rows)
    return replace(
        steps,
        energy_low_eV=np.concatenate([edges[:-1] for edges, _ in parts]),
        energy_high_eV=np.concatenate([edges[1:] for edges, _ in parts]),
        background_rate_hz=steps.background_rate_hz * share,
        background_error_hz=steps.background_error_hz * share,
    )


def _shares(
    detector: Detector, omega_eV: float, linewidth_eV: float, error_eV: float, end_eV: float, names: list[str]
) -> _Shares:
    """Return edges around a line, and the share of each of the named backgrounds in each bin."""
    components = {component.name: component for component in detector.backgrounds}
    unknown = [name for name in names if name not in components]
    if unknown:
        raise ConfigError(f"background {', '.join(unknown)}: not in the configuration of the run")
    offset_eV = BOUND_IN_ERRORS * error_eV if error_eV > 0 else FREE_OFFSET_EV
    edges = edges_around(
        omega_eV, linewidth_eV, offset_eV, detector.resolution.width_eV, detector.energy_window_eV
    )
    conditions = StepConditions(omega_eV=omega_eV, duration_s=0.0, linewidth_eV=linewidth_eV, end_eV=end_eV)
    columns = [_recorded(components[name], detector, conditions, edges) for name in names]
    return edges, np.stack(columns, axis=1) if columns else np.empty((len(edges) - 1, 0))


def _recorded(
    component: Background, detector: Detector, conditions: StepConditions, edges: FloatArray
) -> FloatArray:
    """Return the share of what is recorded of a background in each bin, shape (b,)."""
    spectrum = component.energies(conditions, detector.energy_window_eV)
    parts = []
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        # what is no photon comes with its reconstructed energy
        eye = Detector() if not component.is_photon else detector
        of_bin = replace(eye, energy_window_eV=(low, high))
        parts.append(spectrum.mean(of_bin.efficiency_at, of_bin.breaks_eV))
    return np.array(parts) / sum(parts)
