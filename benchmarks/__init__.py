"""Comparisons of speed, and campaigns whose tables README prints; run them by `python -m benchmarks.NAME`."""
