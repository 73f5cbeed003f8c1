"""Batched minimisation of smooth functions."""
