"""A photon detector: photons in, recorded photons out. A leaf: it imports nothing of renp_sim."""
