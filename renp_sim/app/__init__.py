"""The composition root: run files, and what wires the layers together."""
