"""What happens in the atom: pure functions and frozen data.

Natural units, energies in eV. The sources are quoted by key: GP23 is Ge & Pasquini, Phys. Sci. Forum 8
(2023) 51; docs/guide/physics.md lists what its printed formulas needed mended.
"""
