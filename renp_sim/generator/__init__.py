"""Truth: photon emissions with their neutrino pairs, in addressed blocks."""
