"""The search for onsets on scans with known thresholds: false ones, found ones, and intervals that hold one.

Run as `python -m benchmarks.onsets --scans 250`, which prints a list. A found onset is false if it is further
than two settings from every threshold. What can be found at best is measured by the ideal Δ(−2 ln L): of the
true spectrum against the best smooth level, for the expectation, in the window of the search where it is
largest.

Featureless scans are flat, a steep power, a parabola that closes at the end, or a Standard Model spectrum far
below its first threshold. True ones are Standard Model spectra of Yb or Xe, of either ordering, 0 to 0.3 eV,
with a threshold at least two settings inside. All have 10 to 80 settings (half of the long ones with a dense
part), 1e2 to 1e6 counts at the highest, sharp or broad lines, with and without background.
"""

import argparse
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.stats import binomtest

from renp_sim.analysis.data import Exposure, Observation
from renp_sim.analysis.spectrum.measured import measured_spectrum
from renp_sim.analysis.spectrum.thresholds import ThresholdSearch, search_thresholds
from renp_sim.analysis.spectrum.window import Windows
from renp_sim.arrays import FloatArray
from renp_sim.physics.atom import known_atoms
from renp_sim.physics.interactions import StandardModel
from renp_sim.physics.line import mean_spectral_function
from renp_sim.physics.neutrino import Neutrinos, Ordering, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target

__all__ = ["NEAR", "Scan", "featureless_scan", "ideal_delta_q", "true_scan"]

NEAR = 2.0
"""Settings between an onset and a threshold that it may stand for."""

HALF_WINDOWS = (16, 12, 9, 6, 4)
"""Of the search."""

MASSES_EV = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """What is drawn: counts, their expectation, and the thresholds that are in them."""

    asimov: Observation
    observation: Observation
    thresholds_eV: FloatArray
    kind: str

    def settings_off(self, search: ThresholdSearch) -> FloatArray:
        """Return how many settings each found onset is from the nearest threshold; inf without any."""
        omega = np.unique(self.observation.exposure.omega_eV)
        places = np.array([onset.position_eV for onset in search.onsets])
        off = np.abs(self.thresholds_eV[:, None] - places)
        step = np.diff(omega)[np.clip(np.searchsorted(omega, places) - 1, 0, len(omega) - 2)]
        return np.asarray(np.min(off, axis=0, initial=np.inf) / step)


def true_scan(rng: np.random.Generator) -> Scan:
    """Draw a scan with at least one threshold two settings inside."""
    while True:
        emission = _emission(rng)
        thresholds = _thresholds_eV(emission)
        omega, step = _settings(rng)
        omega += rng.choice(thresholds) - rng.uniform(NEAR * step, omega[-1] - NEAR * step)
        if omega[0] > 0.1 and omega[-1] < emission.target.atom.e_eg_eV / 2 + 20 * step:
            width_eV = _width_eV(rng, step)
            spectrum = mean_spectral_function(omega, width_eV, emission).sum(axis=(-2, -1))
            return _drawn(rng, omega, width_eV, spectrum, thresholds, "true")


def featureless_scan(rng: np.random.Generator) -> Scan:
    """Draw a scan of a smooth spectrum."""
    omega, step = _settings(rng)
    width_eV, kind = _width_eV(rng, step), ("flat", "power", "parabola", "below")[rng.integers(4)]
    u = omega / omega[-1]
    if kind == "below":
        while True:
            emission = _emission(rng)
            low = _thresholds_eV(emission)[0] - omega[-1] - rng.uniform(5, 40) * step
            if low > 0.1:
                break
        omega = omega + low
        spectrum = mean_spectral_function(omega, width_eV, emission).sum(axis=(-2, -1))
    else:
        spectrum = {
            "flat": np.ones(len(u)),
            "power": (0.3 + (u if rng.random() < 0.5 else 1 - u)) ** rng.uniform(-6, 6),
            "parabola": (1 - u**2) if rng.random() < 0.5 else (1 - u) ** 2,
        }[kind]
        omega = omega + 1.0
    return _drawn(rng, omega, width_eV, spectrum, np.empty(0), kind)


def _settings(rng: np.random.Generator) -> tuple[FloatArray, float]:
    """Return settings from 0 and their distance, half of the long ones with half of them in an eighth."""
    n, step = int(rng.integers(10, 81)), float(10 ** rng.uniform(-5, np.log10(5e-4)))
    span = step * (n - 1)
    if rng.random() < 0.5 and n >= 20:
        begin = rng.uniform(0, 7 * span / 8)
        dense = np.linspace(begin, begin + span / 8, n // 2)
        return np.unique(np.append(np.linspace(0.0, span, n - n // 2), dense)), step
    return np.linspace(0.0, span, n), step


def _width_eV(rng: np.random.Generator, step_eV: float) -> float:
    return (0.0, 1e-6, step_eV / 2)[rng.integers(3)]


def _emission(rng: np.random.Generator) -> Emission:
    atom = known_atoms()[("Yb", "Xe")[rng.integers(2)]]
    ordering = (Ordering.NORMAL, Ordering.INVERTED)[rng.integers(2)]
    mass_eV = MASSES_EV[rng.integers(len(MASSES_EV))]
    neutrinos = Neutrinos.from_lightest_mass(mass_eV, Oscillation.nufit(ordering))
    return Emission(target=Target(atom=atom), neutrinos=neutrinos, interaction=StandardModel())


def _thresholds_eV(emission: Emission) -> FloatArray:
    pairs = emission.neutrinos.thresholds_eV(emission.target.atom.e_eg_eV)
    return np.sort(pairs[np.triu_indices(3)])


def _drawn(
    rng: np.random.Generator,
    omega_eV: FloatArray,
    width_eV: float,
    spectrum: FloatArray,
    thresholds_eV: FloatArray,
    kind: str,
) -> Scan:
    top = 10 ** rng.uniform(2, 6)
    background = (0.0, 0.01, 0.1, 1.0)[rng.integers(4)] * top
    exposure = Exposure.of(
        omega_eV=omega_eV,
        live_time_s=1.0,
        gamma0_hz=top / np.max(spectrum),
        linewidth_eV=np.full(len(omega_eV), width_eV),
        components=("flat",),
        background_rate_hz=np.full((len(omega_eV), 1), background),
    )
    mean = exposure.counts_per_unit * spectrum + exposure.background_counts
    return Scan(
        asimov=Observation(exposure=exposure, counts=mean),
        observation=Observation(exposure=exposure, counts=rng.poisson(mean).astype(float)),
        thresholds_eV=thresholds_eV,
        kind=kind,
    )


def ideal_delta_q(drawn: Scan) -> float:
    """Return Δ(−2 ln L) of the truth against a smooth level, at the best of all thresholds and windows."""
    spectrum = measured_spectrum(drawn.asimov)
    windows = Windows(spectrum=spectrum, half_windows=HALF_WINDOWS, degree=2)
    places = drawn.thresholds_eV
    places = places[(places > spectrum.omega_eV[1]) & (places < spectrum.omega_eV[-2])]
    return max(float(np.max(windows.level_q(places, half), initial=0.0)) for half in HALF_WINDOWS)


@dataclass(slots=True)
class Tally:
    """What a search did in some scans."""

    scans: int = 0
    with_false: int = 0
    below_cut: int = 0
    ideal: list[float] = field(default_factory=list)
    found: list[bool] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)

    def add(self, drawn: Scan) -> None:
        """Search a scan and count."""
        search = search_thresholds(drawn.observation)
        near = drawn.settings_off(search) <= NEAR
        self.scans += 1
        self.with_false += bool(np.any(~near))
        self.below_cut += sum(onset.delta_q < search.minimum_delta_q for onset in search.onsets)
        if not len(drawn.thresholds_eV):
            return
        self.ideal.append(ideal_delta_q(drawn))
        self.found.append(bool(np.any(near)))
        for onset, is_near in zip(search.onsets, near, strict=True):
            if is_near:
                regions = [(region.lower, region.upper) for region in onset.intervals]
                self.held.append(any(a <= t <= b for a, b in regions for t in drawn.thresholds_eV))


def share(hits: int, of: int) -> str:
    """Return a share with its central 95 % interval (Clopper and Pearson)."""
    ends = binomtest(hits, of).proportion_ci(0.95) if of else (0.0, 1.0)
    return f"{hits} of {of} ({ends[0]:.3f} … {ends[1]:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for draw in (featureless_scan, true_scan):
        rng, tally = np.random.default_rng([options.seed, draw is true_scan]), Tally()
        for _ in range(options.scans):
            tally.add(draw(rng))
        print(f"{draw.__name__}: with a false onset {share(tally.with_false, tally.scans)}", flush=True)
        print(f"  onsets below the cut: {tally.below_cut}")
    ideal, found = np.array(tally.ideal), np.array(tally.found)
    for low, high in pairwise((0.0, 6.0, 12.0, 24.0, 48.0, 100.0, 1e3, np.inf)):
        among = found[(ideal >= low) & (ideal < high)]
        print(f"  a true one, ideal Δ {low:g} … {high:g}: {share(int(np.sum(among)), len(among))}")
    print(f"  68 % intervals that hold a threshold: {share(sum(tally.held), len(tally.held))}")


if __name__ == "__main__":
    main()
