"""Derivatives of the spectrum by central differences that stay on one side of every kink.

A sharp line has a square-root onset at each threshold. The step of a difference is 2e-5 of the way to the
nearest one (of the line width, where the line is wider than that). Measured: with 100 counts a step the
integral of a derivative gives the difference of its ends to 1e-9 counts, in every parameter. Within rounding
of an onset there is no derivative, and the number is finite and large.
"""

import numpy as np

from renp_sim.arrays import BoolArray, FloatArray, IndexArray
from renp_sim.prediction.parameters import Group
from renp_sim.prediction.signal import Signal
from renp_sim.prediction.spectrum import is_smooth

__all__ = ["answer_to", "spectrum_derivatives"]


STEP = 2e-5
"""Step of a difference, relative to the length on which the spectrum changes."""

LEAST_STEP = 1e-9
"""Smallest step in units of a parameter's scale: on a kink the derivative is large, but finite."""


def spectrum_derivatives(signal: Signal, rows: FloatArray, columns: IndexArray) -> FloatArray:
    """Return ∂Ī/∂θ of the settings for some columns of the physics part, shape (u, s, len(columns)).

    Parameters
    ----------
    signal
        The spectrum.
    rows
        Physics part of θ, shape (u, q).
    columns
        Which parameters.
    """
    parts = signal.blocks(len(rows), 1 + 2 * len(columns))
    blocks = [_derivatives(signal, rows[part], columns) for part in parts]
    return np.concatenate([np.empty((0, len(signal.settings.omega_eV), len(columns))), *blocks])


def answer_to(signal: Signal, column: int) -> FloatArray:
    """Return how the true frequencies of the settings answer to an offset, shape (s,)."""
    settings = signal.settings
    if column == signal.layout.place(Group.FREQUENCY).start:
        return settings.response
    of_run = np.where(settings.run_column == column, settings.run_response, 0.0)
    own: FloatArray = np.where(settings.offset_column == column, 1.0, of_run)
    return own


def _derivatives(signal: Signal, rows: FloatArray, columns: IndexArray) -> FloatArray:
    settings, layout = signal.settings, signal.layout
    smooth = is_smooth(signal.frequencies_eV(rows), settings.linewidth_eV, signal.emission(rows))
    excess = signal.excess_eV2(rows)
    result = np.zeros((len(rows), len(settings.omega_eV), len(columns)))
    by_frequency: FloatArray | None = None
    others = []
    for i, column in enumerate(columns):
        if layout.group_at(int(column)) is Group.COUPLINGS:
            result[..., i] = _by_coupling(signal, rows, int(column), smooth)
        elif layout.group_at(int(column)) in (Group.FREQUENCY, Group.STEP_FREQUENCY):
            if by_frequency is None:
                by_frequency = _by_frequency(signal, rows, excess, smooth)
            result[..., i] = by_frequency * answer_to(signal, int(column))
        else:
            others.append(i)
    if others:
        result[..., others] = _by_parameters(signal, rows, columns[others], excess, smooth)
    return result


def _by_frequency(signal: Signal, rows: FloatArray, excess: FloatArray, smooth: BoolArray) -> FloatArray:
    """Differences in ω, each setting with its own step, all at once; a change of q² is −2 E_eg that of ω."""
    slope = 2 * signal.target.atom.e_eg_eV
    length = np.min(np.hypot(excess, slope * signal.settings.linewidth_eV[:, None, None]), axis=(-2, -1))
    h = np.maximum(np.minimum(STEP * length / slope, 1e-6), LEAST_STEP * 1e-6)
    omega = signal.frequencies_eV(rows)
    # what is left of ±h after ω has been rounded
    up, down = (omega + h) - omega, (omega - h) - omega
    slope_in_omega: FloatArray = (
        signal.spectrum_of(rows, up, smooth) - signal.spectrum_of(rows, down, smooth)
    ) / (up - down)
    return slope_in_omega


def _moved(rows: FloatArray, column: int, by: FloatArray) -> FloatArray:
    shifted = rows.copy()
    shifted[:, column] += by
    return shifted


def _by_coupling(signal: Signal, rows: FloatArray, column: int, smooth: BoolArray) -> FloatArray:
    """Differences in a coupling, in which Ī is quadratic: exact for any step but for rounding."""
    h = 1e-3 * np.maximum(np.abs(rows[:, column]), signal.layout.parameters[column].scale)
    above, below = (signal.spectrum_of(_moved(rows, column, by), smooth=smooth) for by in (h, -h))
    slope: FloatArray = (above - below) / (2 * h[:, None])
    return slope


def _by_parameters(
    signal: Signal, rows: FloatArray, columns: IndexArray, excess: FloatArray, smooth: BoolArray
) -> FloatArray:
    """Differences in c parameters, shape (u, s, c), of spectra that are asked for all together."""
    parameters = [signal.layout.parameters[column] for column in columns]
    scale, lower, upper = (
        np.array([getattr(parameter, what) for parameter in parameters])[:, None]
        for what in ("scale", "lower", "upper")
    )
    here, trial = rows[:, columns].T, 1e-3 * scale

    def moved(by: FloatArray) -> FloatArray:
        """Return the rows, each parameter in turn moved by (c, u), shape (c u, q)."""
        out = np.repeat(rows[None], len(columns), axis=0)
        out[np.arange(len(columns)), :, columns] += by
        return out.reshape(-1, rows.shape[1])

    inward = np.where(here + trial > upper, -trial, trial)
    change = np.abs(signal.excess_eV2(moved(inward)).reshape(len(columns), *excess.shape) - excess)
    line = 2 * signal.target.atom.e_eg_eV * signal.settings.linewidth_eV[:, None, None]
    length = np.maximum(np.hypot(excess, line), np.finfo(np.float64).tiny)
    fraction = np.max(change / length, axis=(-3, -2, -1), initial=STEP)
    h = np.maximum(trial * STEP / fraction, LEAST_STEP * scale)
    # at a bound, such as a massless neutrino, the difference is one-sided and of the same order
    high = here + h > upper
    one_sided = (here - h < lower) | high
    h = np.where(high, -h, h)
    points = np.concatenate([moved(h), moved(np.where(one_sided, 2 * h, -h))])
    spectra = signal.spectrum_of(points, smooth=np.tile(smooth, (2 * len(columns), 1)))
    ahead, behind = spectra.reshape(2, len(columns), len(rows), -1)
    rise = ahead - behind
    if np.any(one_sided):
        rise = np.where(one_sided[..., None], 4 * ahead - 3 * signal.spectrum(rows) - behind, rise)
    return np.moveaxis(rise / (2 * h[..., None]), 0, -1)
