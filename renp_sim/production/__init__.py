"""The engine of `generate`: slices of a run, workers, rows, files."""
