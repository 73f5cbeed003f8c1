"""Tests of `renp_sim.analysis.plan`."""
