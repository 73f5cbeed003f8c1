"""Monte Carlo event simulator for atomic Radiative Emission of Neutrino Pairs (RENP)."""
