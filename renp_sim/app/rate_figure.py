"""`rate --plot`: I(ω) over a range around the thresholds, with a second panel for those that are close."""

from pathlib import Path

import numpy as np

from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.outputs import require_outputs
from renp_sim.physics.interactions import StandardModel
from renp_sim.physics.line import LINE_REACH, mean_spectral_function
from renp_sim.physics.pairs import PAIRS
from renp_sim.physics.rates import Emission
from renp_sim.plots.curves import Curve, curve_plot
from renp_sim.plots.figure import FORMATS, save
from renp_sim.plots.frequency_axis import Window
from renp_sim.plots.letters import no_formula
from renp_sim.runfile.run import Run

__all__ = [
    "curve_frequencies",
    "named_thresholds_eV",
    "plot_rate",
    "require_plot_suffix",
    "threshold_windows",
]

PANEL_POINTS = 1200
FEWEST_POINTS = 10
"""A grid that has fewer in a panel does not show what is in it."""

DENSER = 8.0
"""Thresholds that are so many times closer than all of them together deserve a panel of their own."""


def require_plot_suffix(path: Path) -> None:
    """Check that a plot can be written under a name.

    Raises
    ------
    ConfigError
        If its suffix is neither .png nor .pdf.
    """
    if path.suffix.lower().removeprefix(".") not in FORMATS:
        allowed = " or ".join(f".{kind}" for kind in FORMATS)
        raise ConfigError(f"--plot {path}: must end in {allowed}; the suffix chooses the format")


def plot_rate(run: Run, path: Path, frequencies_eV: FloatArray | None = None, *, force: bool = False) -> None:
    """Draw I(ω) of a run, averaged over its laser line, beside the Standard Model's if it is not that.

    Parameters
    ----------
    run
        The run.
    path
        PNG or PDF, by its suffix.
    frequencies_eV
        Where to draw it; None for a range around the thresholds.
    force
        Replace an existing file.

    Raises
    ------
    ConfigError
        If the suffix is unknown, or there is nothing to draw.
    SchemaError
        If the file exists, is the run file, or cannot be written.
    DomainError, NumericsError
        If a frequency has no rate, or sits on a pole that nothing resolves.
    """
    require_plot_suffix(path)
    emission, sigma_eV = run.emission, run.config.laser.linewidth_eV
    thresholds = named_thresholds_eV(emission)
    poles = _pole_frequencies_eV(emission)
    if frequencies_eV is None:
        windows = threshold_windows(emission, sigma_eV)
        if not windows:
            raise ConfigError(f"--plot {path}: every neutrino pair is too heavy to be emitted; give --grid")
        omega = curve_frequencies(windows, list(thresholds.values()))
        omega = np.union1d(omega, _around(poles, sigma_eV, windows[0]))
    else:
        omega = np.unique(frequencies_eV)
        if len(omega) < 2:
            raise ConfigError(f"--plot {path}: a curve needs two frequencies; use --grid START:STOP:POINTS")
        windows = _inside(omega, threshold_windows(emission, sigma_eV)[1:])
    require_outputs([path], inputs=[run.source], force=force)
    line = f", laser line σ = {1e6 * sigma_eV:g} µeV" if sigma_eV else ""
    drawn = curve_plot(
        _curves(emission, omega, sigma_eV),
        windows=windows,
        y_label=r"spectral function $I(\omega)$",
        thresholds_eV=thresholds,
        poles_eV=poles,
        title=f"{no_formula(emission.target.atom.name)}, {run.config.neutrino.ordering} ordering, "
        f"{emission.neutrinos.nature.capitalize()} neutrinos{line}",
    )
    save(drawn, path)


def _curves(emission: Emission, omega_eV: FloatArray, sigma_eV: float) -> list[Curve]:
    """Return I(ω) of a hypothesis, and that of the Standard Model to compare with."""
    standard = Emission(target=emission.target, neutrinos=emission.neutrinos, interaction=StandardModel())

    def curve(label: str, made: Emission, *, dashed: bool) -> Curve:
        value = mean_spectral_function(omega_eV, sigma_eV, made).sum(axis=(-2, -1))
        return Curve(label=label, omega_eV=omega_eV, value=value, dashed=dashed)

    if isinstance(emission.interaction, StandardModel):
        return [curve("Standard Model", emission, dashed=False)]
    name = emission.interaction.name.replace("_", " ")
    return [curve(name, emission, dashed=False), curve("Standard Model", standard, dashed=True)]


def named_thresholds_eV(emission: Emission) -> dict[str, float]:
    """Return ω_ij by pair, "11" … "33", i ≤ j."""
    values = emission.neutrinos.thresholds_eV(emission.target.atom.e_eg_eV)
    return {pair: float(values[place]) for pair, place in PAIRS.items()}


def threshold_windows(emission: Emission, sigma_eV: float = 0.0) -> list[Window]:
    """Return the range around all thresholds, and that of the three closest ones if they are much closer.

    Nothing if every pair is too heavy to be emitted.
    """
    e_eg_eV = emission.target.atom.e_eg_eV
    values = np.sort(list(named_thresholds_eV(emission).values()))
    values = values[values > 0]
    if not len(values):
        return []
    edge = (LINE_REACH + 1) * sigma_eV
    span = max(float(np.ptp(values)), 1e-5, 4 * sigma_eV)
    whole = (
        max(float(values[0]) - 0.3 * span, edge + 1e-6),
        min(float(values[-1]) + max(0.08 * span, 4 * sigma_eV), e_eg_eV - edge),
    )
    if len(values) < 3:
        return [whole]
    close = int(np.argmin(values[2:] - values[:-2]))
    first, last = float(values[close]), float(values[close + 2])
    margin = max(0.6 * (last - first), 6 * sigma_eV, 1e-7)
    dense = (max(first - margin, whole[0]), min(last + margin, whole[1]))
    return [whole, dense] if DENSER * (last - first) < np.ptp(values) else [whole]


def curve_frequencies(windows: list[Window], thresholds_eV: list[float]) -> FloatArray:
    """Return points for curves in all windows, dense below thresholds, where rates rise like a root."""
    low, high = windows[0]
    even = [np.linspace(*window, PANEL_POINTS) for window in windows]
    onset = np.geomspace(1e-6, 1e-2, 40) * (high - low)
    near = [np.append(threshold - onset, threshold) for threshold in thresholds_eV]
    omega = np.unique(np.concatenate([*even, *near]))
    return omega[(omega >= low) & (omega <= high)]


def _pole_frequencies_eV(emission: Emission) -> list[float]:
    """Return the frequencies at which q² = M²."""
    e_eg_eV = emission.target.atom.e_eg_eV
    masses = [float(pole.mass_eV) for pole in emission.interaction.poles(emission.neutrinos)]
    return [(e_eg_eV - mass**2 / e_eg_eV) / 2 for mass in masses if mass < e_eg_eV]


def _around(poles_eV: list[float], sigma_eV: float, window: Window) -> FloatArray:
    """Return points across the line's image of each pole; a sharp line shows none of a narrow pole."""
    if not sigma_eV:
        return np.empty(0)
    points = np.concatenate([pole + sigma_eV * np.linspace(-6, 6, 121) for pole in poles_eV] or [np.empty(0)])
    return points[(points > window[0]) & (points < window[1])]


def _inside(omega_eV: FloatArray, dense: list[Window]) -> list[Window]:
    """Return the range of a grid, and a dense group in it that only a panel of its own would show."""
    low, high = float(omega_eV[0]), float(omega_eV[-1])
    return [(low, high)] + [
        (first, last)
        for first, last in dense
        if low <= first < last <= high
        and DENSER * (last - first) < high - low
        and np.count_nonzero((omega_eV >= first) & (omega_eV <= last)) >= FEWEST_POINTS
    ]
