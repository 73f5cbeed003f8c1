"""Measured spectra, and onsets without neutrino physics."""
