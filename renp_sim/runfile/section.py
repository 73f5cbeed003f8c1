"""What every section of a run file is."""

__all__ = ["Section"]


class Section:
    """A frozen dataclass whose fields are the keys of a table in the run file."""

    __slots__ = ()

    def problems(self) -> list[str]:
        """Return what keys that are right each for itself contradict: lines that begin with a key."""
        return []
