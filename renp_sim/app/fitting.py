"""From files to fits: the data, the model of each hypothesis, and the fit."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from renp_sim.analysis.data import Observation
from renp_sim.analysis.from_ntuple import observation_from_tables
from renp_sim.analysis.infer.fit import FitResult, fit
from renp_sim.app.question import Floating, Masses, Question
from renp_sim.errors import ConfigError, SchemaError
from renp_sim.ntuple.reader import NtupleTables, read_many
from renp_sim.physics.neutrino import GP23_LIGHTEST_MASS_EV, Nature, Neutrinos, Ordering, Oscillation
from renp_sim.physics.target import Target
from renp_sim.prediction.expected_counts import ExpectedCounts
from renp_sim.prediction.joint import JointCounts, steps_of_runs
from renp_sim.runfile.run import Setup, load, setup_from_table

__all__ = ["Data", "fit_data", "model_of", "oscillation_of", "read_data"]

"""Where the masses stand before the search, which does not depend on it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """Files, ready to be fitted.

    Parameters
    ----------
    tables
        What the files say, all but events.
    observation
        Counts and exposure per step.
    setup
        What the model is built from: the run file given, or the configuration of the first run.
    targets
        Target by run number: that of the run file given, or each run's own.
    """

    tables: NtupleTables
    observation: Observation
    setup: Setup
    targets: Mapping[int, Target]


def read_data(paths: Sequence[Path], model: Path | None = None, settings: tuple[str, ...] = ()) -> Data:
    """Read files for a fit.

    Parameters
    ----------
    paths
        ROOT files.
    model
        Run file whose target, neutrinos and interaction are fitted instead of those in the files.
    settings
        `--set` changes to it.

    Raises
    ------
    SchemaError
        If a file cannot be read, or carries no configuration and none is given.
    ConfigError
        If the run file or a setting is wrong.
    """
    tables = read_many([str(path) for path in paths])
    setup = _setup_for(tables, model, settings)
    runs = tables.runs["run"].tolist()
    if model is not None:
        targets = dict.fromkeys(runs, setup.emission.target)
    else:
        targets = dict(zip(runs, _targets_of(tables), strict=True))
    return Data(tables=tables, observation=observation_from_tables(tables), setup=setup, targets=targets)


def _setup_for(tables: NtupleTables, model: Path | None, settings: tuple[str, ...]) -> Setup:
    if model is not None:
        return load(model, settings)
    if settings:
        raise ConfigError("--set changes the run file of --model RUN, which is not given")
    for run, config in zip(tables.runs["run"].tolist(), tables.config, strict=True):
        if not config.get("run"):
            files = ", ".join(map(str, tables.paths))
            raise SchemaError(
                f"{files}: run {run} carries no configuration to fit: give one with --model RUN"
            )
    return setup_from_table(tables.config[0])


def _targets_of(tables: NtupleTables) -> list[Target]:
    """Return the target of each run from its own configuration."""
    # a campaign may have hundreds of runs of one target
    known: dict[str, Target] = {}
    keys = [json.dumps(config.get("target"), sort_keys=True) for config in tables.config]
    for key, config in zip(keys, tables.config, strict=True):
        if key not in known:
            known[key] = setup_from_table(config).emission.target
    return [known[key] for key in keys]


def model_of(
    data: Data, label: str, masses: Masses, lightest_mass_eV: float = GP23_LIGHTEST_MASS_EV
) -> ExpectedCounts | JointCounts:
    """Return the model of a hypothesis such as `normal/dirac`; its masses stand at those of the lightest.

    Runs of targets with different levels or spin tensors are joined; densities are the exposure's.
    """
    ordering, nature = label.split("/")
    oscillation = oscillation_of(data, Ordering(ordering))
    start = Neutrinos.from_lightest_mass(lightest_mass_eV, oscillation).masses_eV
    exposure = data.observation.exposure
    runs_of_kind: dict[tuple[float, float, float], list[int]] = {}
    for run, target in data.targets.items():
        runs_of_kind.setdefault(_kind(target), []).append(run)
    groups = list(runs_of_kind.values())
    models = tuple(
        ExpectedCounts(
            exposure=steps_of_runs(exposure, runs),
            target=data.targets[runs[0]],
            oscillation=oscillation,
            nature=Nature(nature),
            interaction=data.setup.emission.interaction,
            masses_eV=(lightest_mass_eV,) if masses is Masses.LIGHTEST else tuple(start.tolist()),
        )
        for runs in groups
    )
    if len(models) == 1:
        return models[0]
    return JointCounts(
        exposure=exposure,
        models=models,
        model_of_run={run: i for i, runs in enumerate(groups) for run in runs},
    )


def _kind(target: Target) -> tuple[float, float, float]:
    """Return what the spectrum of a target depends on: levels and spin tensor."""
    return target.atom.e_eg_eV, target.atom.e_vg_eV, target.f_l


def oscillation_of(data: Data, ordering: Ordering) -> Oscillation:
    """Return the oscillation parameters of a hypothesis: the run's for its own ordering, else NuFIT 5.2."""
    own = data.setup.oscillation
    return own if ordering is own.ordering else Oscillation.nufit(ordering)


def fit_data(data: Data, question: Question, *, intervals: Collection[str] | None = None) -> FitResult:
    """Fit the data by every hypothesis; `intervals` as for `renp_sim.analysis.infer.fit.fit`.

    Raises
    ------
    ConfigError
        If a parameter is unknown or asked for twice.
    FitError
        If no hypothesis allows the counts.
    """
    natures = question.natures or (data.setup.emission.neutrinos.nature,)
    labels = [f"{ordering}/{nature}" for ordering in question.orderings for nature in natures]
    starts = dict.fromkeys(labels, GP23_LIGHTEST_MASS_EV)
    if question.masses is Masses.THREE:
        # three masses start where one fits best: their own search is coarse
        lightest = replace(question, masses=Masses.LIGHTEST, free=(), fix=(), constrain=())
        one = fit_data(data, lightest, intervals=())
        starts = {fitted.label: fitted.parameter("lightest_mass_eV").value for fitted in one.fits}
    models = {label: model_of(data, label, question.masses, starts[label]) for label in labels}
    floating = Floating.of(question, next(iter(models.values())))
    return fit(
        data.observation,
        {label: model.offering(floating.names) for label, model in models.items()},
        free=floating.free,
        fix=floating.fix,
        constrain=floating.constrain,
        level=question.level,
        intervals=intervals,
    )
