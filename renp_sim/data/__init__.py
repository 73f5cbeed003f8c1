"""Data of the package: atoms, oscillation parameters, example run files."""
