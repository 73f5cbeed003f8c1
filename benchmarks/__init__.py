"""Comparisons of speed, and campaigns, whose tables docs/ prints; run by `python -m benchmarks.NAME`."""
