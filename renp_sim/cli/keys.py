"""`renp-sim keys`."""

__all__ = ["keys"]


def keys() -> None:
    """Print every key of the run file and of every kind, and every parameter of `fit`, as Markdown."""
    from renp_sim.app.reference import reference

    print(reference(), end="")
