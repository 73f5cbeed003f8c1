"""CODATA 2022 constants in natural units (ħ = c = 1, Heaviside–Lorentz e² = 4πα), energies in eV."""

from math import erf, pi, sqrt
from typing import Final

G_F_PER_EV2: Final = 1.1663787e-23
"""Fermi constant, eV⁻²."""

ELECTRON_MASS_EV: Final = 510998.95069
"""Electron mass, eV."""

ALPHA: Final = 7.2973525643e-3
"""Fine-structure constant."""

MU_B_PER_EV: Final = sqrt(pi * ALPHA) / ELECTRON_MASS_EV
"""Bohr magneton e/(2 m_e), eV⁻¹."""

HBAR_EV_S: Final = 6.582119569e-16
"""Reduced Planck constant, eV s."""

ONE_SIGMA: Final = erf(sqrt(0.5))
"""Probability of a Gaussian within one standard deviation to either side, 0.683."""
