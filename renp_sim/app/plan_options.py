"""What `optimise` is told: a prior of the truth, and what a schedule may be."""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from renp_sim.app.candidates import Layout
from renp_sim.app.optimise import Wish
from renp_sim.app.plan import Prior
from renp_sim.app.scan import scan_of
from renp_sim.errors import ConfigError
from renp_sim.runfile.run import Run

__all__ = ["prior_of", "wish_of"]

SHORT = {
    "lightest_mass_eV": "neutrino.lightest_mass_eV",
    "frequency_offset_eV": "laser.calibration.common_offset_eV",
}
"""Names of parameters that are keys of the run file."""

MOST_TRUTHS = 100

MOST_FREQUENCIES = 20_000


def prior_of(texts: Sequence[str], *, is_robust: bool) -> Prior:
    """Return the truths that `KEY=VALUE,…` and `KEY=START:STOP:POINTS` mean, several of them in product.

    Raises
    ------
    ConfigError
        If one means none, or they are too many.
    """
    scans = [scan_of(text, option="--prior") for text in texts]
    keys = [SHORT.get(scan.key, scan.key) for scan in scans]
    n = math.prod(len(scan.values) for scan in scans)
    if n > MOST_TRUTHS:
        raise ConfigError(f"--prior: {n} truths: no more than {MOST_TRUTHS}")
    truths = [
        dict(zip(keys, values, strict=True)) for values in product(*(scan.values.tolist() for scan in scans))
    ]
    return Prior(truths=tuple(truths), is_robust=is_robust)


def wish_of(run: Run, *, most_steps: int | None, least_dwell_s: float | None, grid: str | None) -> Wish:
    """Return what a schedule may be.

    Parameters
    ----------
    run
        By whose settling time a frequency dwells at least, in all of its passes.
    most_steps, least_dwell_s
        None: not limited, and the settling time.
    grid
        START:STOP:POINTS; None: the default.

    Raises
    ------
    ConfigError
        If something is no number, or out of range.
    """
    if most_steps is not None and most_steps < 1:
        raise ConfigError(f"--steps {most_steps}: must be at least 1")
    if least_dwell_s is not None and not (math.isfinite(least_dwell_s) and least_dwell_s >= 0):
        raise ConfigError(f"--min-dwell {least_dwell_s:g}: must be finite and at least 0 s")
    settling_s = run.config.laser.settling_s * Layout.of(run).passes
    frequencies, e_eg_eV = None, run.emission.target.atom.e_eg_eV
    if grid is not None:
        try:
            start, stop, points = grid.split(":")
            low, high, n = float(start), float(stop), int(points)
            if not (0 < low < high < e_eg_eV and 2 <= n <= MOST_FREQUENCIES):
                raise ValueError
        except ValueError:
            raise ConfigError(
                f"--grid {grid}: write START:STOP:POINTS in eV, rising, inside 0 < ω < E_eg = {e_eg_eV:g} "
                f"eV, with 2 to {MOST_FREQUENCIES} points"
            ) from None
        frequencies = np.linspace(low, high, n)
    dwell_s = settling_s if least_dwell_s is None else least_dwell_s
    return Wish(most_steps=most_steps, least_dwell_s=dwell_s, grid_eV=frequencies)
