"""Executors: calls of one plain function, made here, by worker processes or by a cluster."""
