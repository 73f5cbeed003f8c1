"""The laser's schedule: which frequency, for how long, in what order."""
