"""One example of every plot, and coarse pictures; `python -m tests.plots.examples` draws them anew."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imread, imsave

from renp_sim.analysis.intervals import Interval
from renp_sim.analysis.spectrum.measured import measured_spectrum
from renp_sim.arrays import FloatArray
from renp_sim.plots.budget import budget_plot
from renp_sim.plots.curves import Curve, curve_plot
from renp_sim.plots.energies import energy_plot
from renp_sim.plots.figure import save
from renp_sim.plots.profile import DrawnProfile, profile_plot
from renp_sim.plots.spectrum import spectrum_plot
from tests.analysis.scans import asimov, drawn, scan_exposure

BASELINES = Path(__file__).with_name("baselines")
DRAWN_WITH = {"matplotlib": "3.11", "mplhep": "1.3"}
"""Other versions leave other room for text: there the pictures are not compared."""

COARSE = 4
"""Pixels to a side that are averaged: the pictures stay small, and the layout can be seen."""

THRESHOLDS_EV = {
    "11": 1.071651694,
    "12": 1.071619505,
    "22": 1.071582555,
    "13": 1.070875349,
    "23": 1.070781965,
    "33": 1.069312518,
}
SCAN_EV = np.append(np.linspace(1.0681, 1.0714, 21), np.linspace(1.071505, 1.0717, 40))
DENSE_EV = (1.07153, 1.0717)


def falling(omega: FloatArray) -> FloatArray:
    return np.asarray(3e4 * np.sqrt(np.maximum(1.0716517 - omega, 0)))


def measured(omega_eV: FloatArray = SCAN_EV, background_hz: float = 5.0) -> Figure:
    data = drawn(
        asimov(scan_exposure(omega_eV, background_hz=background_hz), falling), np.random.default_rng(2)
    )
    curve = Curve(label="normal/dirac", omega_eV=SCAN_EV, value=falling(SCAN_EV))
    return spectrum_plot(
        measured_spectrum(data), curves=[curve], thresholds_eV=[THRESHOLDS_EV], title="run 12"
    )


def parabolas(*centres: float, width: float = 3e-3, offset: float = 0.0, **labels: str) -> Figure:
    mass = np.linspace(0, 0.05, 201)
    profiles = [
        DrawnProfile(
            label=label,
            values=mass,
            delta_q=np.where(mass > 0.04, np.inf, ((mass - best) / width) ** 2 + k * offset),
            regions=(Interval(lower=best - width, upper=best + width),),
            kinks=np.array([0.01, 0.02]),
        )
        for k, (label, best) in enumerate(zip(("normal/dirac", "inverted/dirac"), centres, strict=False))
    ]
    return profile_plot(profiles, title="run 12", **labels)


def energies() -> Figure:
    edges = np.linspace(0.9, 1.2, 31)
    signal = np.round(900 * np.exp(-((edges[:-1] - 1.05) ** 2) / 2 / 0.03**2))
    return energy_plot(edges, {"dark": np.full(30, 40.0), "signal": signal}, title="run 12")


def curves(peak: float = 0.0) -> Figure:
    omega = np.union1d(np.linspace(1.0685, 1.0718, 800), np.linspace(*DENSE_EV, 400))
    standard = falling(omega)
    resonance = standard * (1 + peak / (1 + ((omega - 1.0705) / 1e-5) ** 2))
    return curve_plot(
        [
            Curve(label="vector mediator", omega_eV=omega, value=resonance),
            Curve(label="Standard Model", omega_eV=omega, value=standard, dashed=True),
        ],
        windows=[(1.0685, 1.0718), DENSE_EV],
        y_label=r"spectral function $I(\omega)$",
        thresholds_eV=THRESHOLDS_EV,
        poles_eV=[1.0705] if peak else [],
        title="Yb, normal ordering, Dirac neutrinos",
    )


def budget() -> Figure:
    signal = np.maximum(falling(SCAN_EV), 0) * 0.05
    counts = {"signal": signal, "dark": np.full_like(signal, 4.0), "leakage": np.full_like(signal, 2.0)}
    return budget_plot(counts, title="fine scan")


EXAMPLES: dict[str, Callable[[], Figure]] = {
    "spectrum": measured,
    "spectrum_few_steps": lambda: measured(SCAN_EV[::12], 0.0),
    "profile": lambda: parabolas(0.01, 0.02, offset=4.0),
    "energies": energies,
    "curves": curves,
    "budget": budget,
    "resonance": lambda: curves(peak=1e4),
}


def coarse(figure: Figure, folder: Path) -> FloatArray:
    """Return grey levels 0 … 1 of a saved figure, averaged over squares of pixels."""
    (path,) = save(figure, folder / "figure.png")
    grey = imread(path)[..., :3].mean(axis=-1)
    rows, columns = (n // COARSE * COARSE for n in grey.shape)
    squares = grey[:rows, :columns].reshape(rows // COARSE, COARSE, columns // COARSE, COARSE)
    return np.asarray(squares.mean(axis=(1, 3)))


def main() -> None:
    BASELINES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        for name, made in EXAMPLES.items():
            picture = coarse(made(), Path(folder))
            imsave(BASELINES / f"{name}.png", picture, cmap="gray", vmin=0, vmax=1)


if __name__ == "__main__":
    main()
