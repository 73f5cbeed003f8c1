"""The global minimum, kinks and second minima included."""
