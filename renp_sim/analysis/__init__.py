"""From counts to spectra, fits and thresholds; knows no physics: its model is a protocol."""
