"""What a question is put to: ROOT files with their counts, or a run file that nobody has generated."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from renp_sim.app.data import read_data
from renp_sim.app.experiment import Experiment
from renp_sim.arrays import FloatArray
from renp_sim.errors import ConfigError
from renp_sim.runfile.run import Run, load

__all__ = ["Subject", "subject_of"]

ROOT_SUFFIX = ".root"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """An experiment, and what it counted if it was done.

    Parameters
    ----------
    experiment
        Exposure and physics.
    counts
        Shape (n,); None of a run file, of which an expectation is asked.
    seed
        Of toys, where none is given.
    notes
        What a reader must know, a line each.
    """

    experiment: Experiment
    counts: FloatArray | None
    seed: int
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, run: Run) -> "Subject":
        """Return what a run file plans."""
        return cls(experiment=Experiment.of(run), counts=None, seed=run.config.run.seed, notes=run.notes)

    @property
    def is_planned(self) -> bool:
        """Whether nothing was counted yet."""
        return self.counts is None


def subject_of(
    paths: Sequence[str | PathLike[str]],
    *,
    model: str | PathLike[str] | None = None,
    settings: Sequence[str] = (),
    seed: int | None = None,
) -> Subject:
    """Return what one run file or some ROOT files are about.

    Raises
    ------
    ConfigError
        If run files and ROOT files are mixed, or the run file is wrong.
    SchemaError
        If a file cannot be read.
    """
    are_files = [Path(fspath(path)).suffix.lower() == ROOT_SUFFIX for path in paths]
    if all(are_files):
        # without a run file a seed is that of the toys alone
        data = read_data(paths, model, settings, seed=None if model is None else seed)
        counts = np.asarray(data.fitted.counts, dtype=float)
        return Subject(
            experiment=data.experiment,
            counts=counts,
            seed=seed if seed is not None else 1,
            notes=data.notes,
        )
    if len(paths) > 1:
        raise ConfigError(
            f"{', '.join(str(path) for path in paths)}: give one run file, or ROOT files only, "
            "whose names end in .root"
        )
    if model is not None:
        raise ConfigError(
            "--model is for ROOT files: a run file has its physics in itself; change it by --set"
        )
    return Subject.of(load(paths[0], tuple(settings), seed=seed))
