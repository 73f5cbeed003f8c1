"""Plans of experiments: how long, at which frequencies."""
